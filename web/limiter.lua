-- At most ARGV[1] passes in any ARGV[2] microseconds. Returns 0 for a pass, else the microseconds to wait,
-- and the text under KEYS[2] when one is asked for: who counts often reads as well, on one way there and back.
-- The list holds the moments of passes, oldest first, by the server's own clock: one for all workers.
local text = KEYS[2] and redis.call('GET', KEYS[2])
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local oldest = tonumber(redis.call('LINDEX', KEYS[1], 0))
while oldest and oldest <= now - window do
  redis.call('LPOP', KEYS[1])
  oldest = tonumber(redis.call('LINDEX', KEYS[1], 0))
end
if redis.call('LLEN', KEYS[1]) >= limit then
  return {math.max(1, math.min(oldest + window - now, window)), text}
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return {0, text}

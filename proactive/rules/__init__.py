"""Who is entitled, and to how much, as data. No clock, no table, no network. 规则

`reading` turns JSON into a checked `Rule`, or says where it is wrong; `evaluation` decides one
person in three values (true, false, unknown: a missing fact is never a no); `amounts` computes
exactly; `explanation` says why.
"""

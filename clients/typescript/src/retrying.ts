/** Which calls may be sent again, and when. */

import { NetworkFailed, Problem } from "./problems";
import type { Method } from "./types";

const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 8_000;
/** Asked too often, not now, and what a proxy says while the service behind it is being replaced. */
const PASSING = [429, 502, 503, 504];
const NAMED_BY_CLIENT = /\{client_id\}$/;

/**
 * A GET changes nothing, and a PUT under a client's own id is the same however often it is sent.
 * Everything else is sent once, unless the caller knows better and says `safe`.
 */
export function mayRepeat(method: Method, template: string, safe: boolean | undefined): boolean {
  if (safe !== undefined) return safe;
  return method === "get" || (method === "put" && NAMED_BY_CLIENT.test(template));
}

/** Milliseconds until the next try, or undefined when there should be none. */
export function delayBefore(
  nextTry: number,
  error: unknown,
  random: () => number = Math.random,
): number | undefined {
  if (error instanceof Problem) {
    if (!PASSING.includes(error.status)) return undefined;
    if (error.retryAfter !== undefined) return error.retryAfter * 1000;
  } else if (!(error instanceof NetworkFailed)) {
    return undefined;
  }
  const longest = Math.min(FIRST_DELAY_MS * 2 ** (nextTry - 1), LONGEST_DELAY_MS);
  return longest / 2 + (random() * longest) / 2;
}

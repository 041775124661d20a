/** `fetch` as a transport: for tests, tools and web views. Mini-programs have none. */

import { Cancellation } from "../cancellation";
import { Cancelled, NetworkFailed } from "../problems";
import { readBody, type Transport } from "../transport";

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: unknown },
) => Promise<{
  status: number;
  headers: { forEach(each: (value: string, name: string) => void): void };
  text(): Promise<string>;
}>;

interface Abort {
  signal: unknown;
  abort(): void;
}

declare const AbortController: new () => Abort;
declare function setTimeout(callback: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;

export function fetchTransport(fetch: Fetch): Transport {
  return async (request, cancellation) => {
    Cancellation.check(cancellation);
    const abort = new AbortController();
    let ended: Cancelled | "timeout" | undefined;
    const end = (reason: Cancelled | "timeout"): void => {
      ended = ended ?? reason;
      abort.abort();
    };
    const timer = setTimeout(() => end("timeout"), request.timeoutMs);
    const forget = Cancellation.watch(cancellation, end);
    try {
      const { method, headers, body } = request;
      const sent = { method, headers, signal: abort.signal, ...(body === undefined ? {} : { body }) };
      const answer = await fetch(request.url, sent);
      const read: Record<string, string> = {};
      answer.headers.forEach((value, name) => {
        read[name.toLowerCase()] = value;
      });
      return { status: answer.status, headers: read, body: readBody(await answer.text()) };
    } catch (error) {
      if (ended instanceof Cancelled) throw ended;
      throw new NetworkFailed(ended ?? "unreachable", String(error));
    } finally {
      clearTimeout(timer);
      forget();
    }
  };
}

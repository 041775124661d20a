/** A service that answers as written down, and time that passes when it is waited for. */

import { Client, NetworkFailed, type ClientOptions, type Transport, type WireAnswer, type WireRequest } from "../src/index";
import type { SignedIn } from "../src/index";

export type Step = WireAnswer | Error | ((request: WireRequest) => WireAnswer | Promise<WireAnswer>);

export interface Scripted {
  client: Client;
  sent: WireRequest[];
  waited: number[];
}

/** A client whose service takes these steps, one for each request. */
export function scripted(steps: Step[], options: Partial<ClientOptions> = {}): Scripted {
  const sent: WireRequest[] = [];
  const waited: number[] = [];
  let clock = 0;
  const transport: Transport = async (request) => {
    sent.push(request);
    const step = steps.shift();
    if (step === undefined) throw new Error(`nothing is written down for ${request.method} ${request.url}`);
    if (step instanceof Error) throw step;
    return typeof step === "function" ? step(request) : step;
  };
  const client = new Client({
    baseUrl: "https://zb.test/",
    transport,
    now: () => clock,
    pause: async (milliseconds) => {
      waited.push(milliseconds);
      clock += milliseconds;
    },
    ...options,
  });
  return { client, sent, waited };
}

export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): WireAnswer {
  return { status, headers, body };
}

export function refusal(status: number, code: string, headers: Record<string, string> = {}): WireAnswer {
  return answer({ status, code, title: "不行", plain: "现在不行。", trace_id: "t-1" }, status, headers);
}

export function lost(): NetworkFailed {
  return new NetworkFailed("unreachable", "the answer was lost on the way");
}

export function signedIn(name: string): SignedIn {
  return {
    access_token: `access-${name}`,
    access_expires_at: "2026-11-22T10:10:00Z",
    refresh_token: `refresh-${name}`,
    refresh_expires_at: "2026-11-29T10:00:00Z",
    session_id: "01900000-0000-7000-8000-000000000000",
    level: 2,
    party_id: null,
  };
}

/** One request and its answer: what an adapter has to do, and no more. */

import type { Cancellation } from "./cancellation";

export interface WireRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  headers: Record<string, string>;
  /** JSON text. */
  body?: string;
  timeoutMs: number;
}

export interface WireAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** JSON that was read, text that is none, or undefined. */
  body: unknown;
}

/** Resolves with any answer, whatever its status; rejects with NetworkFailed or Cancelled. */
export type Transport = (request: WireRequest, cancellation?: Cancellation) => Promise<WireAnswer>;

/** What the runtimes hand over as an answer's body: text, or JSON that they have read already. */
export function readBody(data: unknown): unknown {
  if (typeof data !== "string") return data === null ? undefined : data;
  if (data === "") return undefined;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return data;
  }
}

/** Header names in lower case; a name that came twice keeps what came last. */
export function readHeaders(headers: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    read[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return read;
}

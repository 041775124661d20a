/** The three ways a call fails: refused, not reached, called off. */

import type { WireAnswer } from "./transport";

/** The service said no. Match on `code`; show `title`, or `plain` in the version for elders. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    /** A short sentence for elders; the title where there is none. */
    readonly plain: string,
    readonly details: Readonly<Record<string, unknown>>,
    /** What to tell the service desk: it finds the request in the logs. */
    readonly traceId: string,
    /** Seconds after which asking again makes sense, where the service says so. */
    readonly retryAfter: number | undefined,
  ) {
    super(`${status} ${code} ${title}`);
  }
}

/** No answer: nobody knows whether the request arrived. */
export class NetworkFailed extends Error {
  override readonly name = "NetworkFailed";

  constructor(
    readonly kind: "timeout" | "unreachable",
    detail: string,
  ) {
    super(`${kind}: ${detail}`);
  }
}

/** The page called it off. Whether the request arrived is not known either. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** A 401 for a code or a proof that was sent along: another token would not make it right. */
const OF_WHAT_WAS_SENT = [
  "identity.code_used",
  "identity.login_code_rejected",
  "identity.phone_code_refused",
  "identity.proof_refused",
  "identity.unified_ticket_refused",
  "identity.verifier_sign_in_failed",
];

/** Whether it was the token that was refused, so that the next one may do. */
export function speaksOfToken(error: unknown): boolean {
  return error instanceof Problem && error.status === 401 && !OF_WHAT_WAS_SENT.includes(error.code);
}

/** Read an answer of 400 and more, also one that no code of ours has written. */
export function readProblem(answer: WireAnswer): Problem {
  const body = isRecord(answer.body) ? answer.body : {};
  const title = text(body["title"]) ?? "服务暂时不可用，请稍后再试";
  return new Problem(
    answer.status,
    text(body["code"]) ?? `http.${answer.status}`,
    title,
    text(body["plain"]) ?? title,
    isRecord(body["details"]) ? body["details"] : {},
    text(body["trace_id"]) ?? answer.headers["x-request-id"] ?? "",
    seconds(answer.headers["retry-after"]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function seconds(value: string | undefined): number | undefined {
  const number = value === undefined || value.trim() === "" ? NaN : Number(value);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

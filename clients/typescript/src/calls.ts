/** How one call is made: the request, the token, the next token, the tries. */

import { addressOf } from "./addresses";
import { Cancellation } from "./cancellation";
import { Problem, readProblem, speaksOfToken } from "./problems";
import { delayBefore, mayRepeat } from "./retrying";
import { pause, type Pause } from "./runtime";
import { Session } from "./session";
import { memoryStorage, type Storage } from "./storage";
import type { Transport, WireAnswer, WireRequest } from "./transport";
import type { Method, SignedIn } from "./types";

const CALL_MS = 15_000;
const PATIENCE_MS = 30_000;
const TRIES = 4;
/** A refresh token that was used is good for 30 seconds more; later it would mean theft. */
const REFRESH_WINDOW_MS = 25_000;
const REFRESH_CALL_MS = 8_000;

export interface ClientOptions {
  /** As `https://` and a host, registered at the platform as a request domain. */
  baseUrl: string;
  transport: Transport;
  storage?: Storage;
  /** Under which the tokens are kept; another one keeps another sign-in. */
  storageKey?: string;
  /** Who signs in: residents, or verifiers at the agencies' interface. */
  audience?: "resident" | "verifier";
  /** Told once when the sign-in has ended and the user has to sign in again. */
  onSignedOut?: () => void;
  /** For tests: how time passes. */
  pause?: Pause;
  now?: () => number;
}

export interface CallOptions {
  cancellation?: Cancellation;
  /** How long one try may take; 15 s unless told. */
  timeoutMs?: number;
  /** How long it goes on trying; 30 s unless told. */
  patienceMs?: number;
  /** Say that it may be sent again although it is no GET and has no id of ours, or that it may not. */
  safe?: boolean;
}

/** The parts of any call, when its path is not known to the compiler. */
export interface LooseArguments extends CallOptions {
  path?: Readonly<Record<string, unknown>>;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
}

export class Calls {
  readonly session: Session;
  readonly pause: Pause;
  readonly now: () => number;

  constructor(private readonly options: ClientOptions) {
    this.pause = options.pause ?? pause;
    this.now = options.now ?? Date.now;
    this.session = new Session({
      storage: options.storage ?? memoryStorage(),
      key: options.storageKey ?? "zhangban.session",
      refresh: (token) => this.refresh(token),
      onEnded: () => options.onSignedOut?.(),
    });
  }

  async call(method: Method, template: string, given: LooseArguments = {}): Promise<unknown> {
    const request = this.request(method, template, given);
    const send = (): Promise<WireAnswer> => this.signedCall(request, given.cancellation);
    const answer = mayRepeat(method, template, given.safe)
      ? await this.repeated(send, given.patienceMs, given.cancellation)
      : await send();
    return answer.body;
  }

  /** A path of the interface for those who sign in here. */
  path(tail: string): string {
    return (this.options.audience === "verifier" ? "/agency/v1" : "/v1") + tail;
  }

  private request(method: Method, template: string, given: LooseArguments): WireRequest {
    const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
    if (given.body !== undefined) headers["content-type"] = "application/json";
    return {
      method: method.toUpperCase() as WireRequest["method"],
      url: this.options.baseUrl.replace(/\/+$/, "") + addressOf(template, given.path, given.query),
      headers,
      timeoutMs: given.timeoutMs ?? CALL_MS,
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    };
  }

  /** With the token; when that is refused, once more with the next: it was refused before any work. */
  private async signedCall(request: WireRequest, cancellation?: Cancellation): Promise<WireAnswer> {
    const before = await this.session.current();
    try {
      return await this.once(request, before, cancellation);
    } catch (error) {
      if (before === undefined || isSignIn(request) || !speaksOfToken(error)) throw error;
      const after = await this.session.renewed(before);
      if (after === undefined) throw error;
      return this.once(request, after, cancellation);
    }
  }

  private async once(
    request: WireRequest,
    signedIn: SignedIn | undefined,
    cancellation?: Cancellation,
  ): Promise<WireAnswer> {
    Cancellation.check(cancellation);
    const headers = { ...request.headers };
    if (signedIn !== undefined && !isSignIn(request)) {
      headers["authorization"] = `Bearer ${signedIn.access_token}`;
    }
    const answer = await this.options.transport({ ...request, headers }, cancellation);
    if (answer.status >= 400) throw readProblem(answer);
    return answer;
  }

  private async repeated<A>(
    send: () => Promise<A>,
    patienceMs: number = PATIENCE_MS,
    cancellation?: Cancellation,
  ): Promise<A> {
    const ends = this.now() + patienceMs;
    for (let nextTry = 1; ; nextTry += 1) {
      try {
        return await send();
      } catch (error) {
        const delay = nextTry < TRIES ? delayBefore(nextTry, error) : undefined;
        if (delay === undefined || this.now() + delay > ends) throw error;
        await this.pause(delay, cancellation);
      }
    }
  }

  /** New tokens; undefined when they are refused for good. Never called off: others wait for it. */
  private async refresh(refreshToken: string): Promise<SignedIn | undefined> {
    const request = this.request("post", this.path("/sessions/refresh"), {
      body: { refresh_token: refreshToken },
      timeoutMs: REFRESH_CALL_MS,
    });
    try {
      const answer = await this.repeated(() => this.once(request, undefined), REFRESH_WINDOW_MS - REFRESH_CALL_MS);
      return answer.body as SignedIn;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return undefined;
      throw error;
    }
  }
}

function isSignIn(request: WireRequest): boolean {
  return request.method === "POST" && /\/v1\/sessions(\/refresh)?$/.test(request.url);
}

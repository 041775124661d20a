/** Typed calls: signed in, refreshed, retried where that is safe, and refused in a readable way. */

import { Calls, type CallOptions, type ClientOptions, type LooseArguments } from "./calls";
import { Problem } from "./problems";
import type { Session } from "./session";
import type { Answer, Arguments, Given, Method, PagedPaths, PathsOf, SignedIn, WaitingPaths } from "./types";

const LONGEST_WAIT_SECONDS = 25;
const ANSWER_MARGIN_MS = 10_000;
const POLL_PAUSE_MS = 2_000;

export type { CallOptions, ClientOptions };

export interface PollOptions<A> extends Omit<CallOptions, "timeoutMs" | "safe"> {
  /** Whether this is what we wait for. */
  until(answer: A): boolean;
  /** How long to wait in all; a minute unless told. */
  forMs?: number;
}

/** `done` is false when the time was up: `answer` is then how it stood last. */
export interface Polled<A> {
  done: boolean;
  answer: A;
}

export class Client {
  private readonly calls: Calls;
  private readonly session: Session;

  constructor(options: ClientOptions) {
    this.calls = new Calls(options);
    this.session = this.calls.session;
  }

  get<P extends PathsOf<"get">>(path: P, ...given: Given<"get", P, CallOptions>): Promise<Answer<"get", P>> {
    return this.call("get", path, given[0]);
  }

  post<P extends PathsOf<"post">>(path: P, ...given: Given<"post", P, CallOptions>): Promise<Answer<"post", P>> {
    return this.call("post", path, given[0]);
  }

  put<P extends PathsOf<"put">>(path: P, ...given: Given<"put", P, CallOptions>): Promise<Answer<"put", P>> {
    return this.call("put", path, given[0]);
  }

  delete<P extends PathsOf<"delete">>(
    path: P,
    ...given: Given<"delete", P, CallOptions>
  ): Promise<Answer<"delete", P>> {
    return this.call("delete", path, given[0]);
  }

  /** Ask until it is so, waiting at the service and not here; give up politely when time is up. */
  async poll<P extends WaitingPaths>(
    path: P,
    given: Arguments<"get", P> & PollOptions<Answer<"get", P>>,
  ): Promise<Polled<Answer<"get", P>>> {
    const ends = this.calls.now() + (given.forMs ?? 60_000);
    for (;;) {
      const asked = this.calls.now();
      const left = Math.max(ends - asked, 0);
      const wait = Math.min(LONGEST_WAIT_SECONDS, Math.floor(left / 1000));
      const query = { ...(given as LooseArguments).query, wait };
      const timeoutMs = wait * 1000 + ANSWER_MARGIN_MS;
      const patienceMs = given.patienceMs ?? Math.max(left, timeoutMs + ANSWER_MARGIN_MS);
      const answer = await this.call<Answer<"get", P>>("get", path, { ...given, query, timeoutMs, patienceMs });
      if (given.until(answer)) return { done: true, answer };
      if (this.calls.now() >= ends) return { done: false, answer };
      if (this.calls.now() - asked < POLL_PAUSE_MS) {
        await this.calls.pause(Math.min(POLL_PAUSE_MS, Math.max(ends - this.calls.now(), 0)), given.cancellation);
      }
    }
  }

  /** Every item of a list, page after page, at most `limit` of them. */
  async all<P extends PagedPaths>(
    path: P,
    given: Arguments<"get", P> & CallOptions,
    limit = 200,
  ): Promise<Answer<"get", P>["items"]> {
    const items: unknown[] = [];
    let cursor: string | null | undefined;
    do {
      const query = { ...(given as LooseArguments).query, ...(cursor ? { cursor } : {}) };
      const page = await this.call<{ items: unknown[]; next_cursor: string | null }>("get", path, {
        ...given,
        query,
      });
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor && items.length < limit);
    return items.slice(0, limit) as Answer<"get", P>["items"];
  }

  /** Sign in with a platform's one-time code, and keep the tokens. */
  async signIn(provider: "wechat" | "alipay", code: string, options: CallOptions = {}): Promise<SignedIn> {
    const signedIn = await this.post("/v1/sessions", { body: { provider, code }, ...options });
    await this.keep(signedIn);
    return signedIn;
  }

  /** End the sign-in here and at the service; here also when the service cannot be reached. */
  async signOut(): Promise<void> {
    try {
      if ((await this.session.current()) !== undefined) {
        await this.call("delete", this.calls.path("/sessions/current"));
      }
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) throw error;
    } finally {
      await this.session.forget();
    }
  }

  /** Go on with these tokens: after acting for another was chosen, or a verifier signed in. */
  keep(signedIn: SignedIn): Promise<void> {
    return this.session.keep(signedIn);
  }

  /** The sign-in as it stands; undefined when there is none. */
  signedIn(): Promise<SignedIn | undefined> {
    return this.session.current();
  }

  private async call<A>(method: Method, template: string, given?: object): Promise<A> {
    return (await this.calls.call(method, template, given as LooseArguments | undefined)) as A;
  }
}

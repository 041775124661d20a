/** The tokens of one device, kept, and replaced once however many calls find them too old. */

import type { Storage } from "./storage";
import type { SignedIn } from "./types";

export interface SessionOptions {
  storage: Storage;
  key: string;
  /** New tokens, or undefined when there will be none: the sign-in is over. */
  refresh(refreshToken: string): Promise<SignedIn | undefined>;
  onEnded(): void;
}

export class Session {
  private known: Promise<SignedIn | undefined> | undefined;
  private refreshing: Promise<SignedIn | undefined> | undefined;

  constructor(private readonly given: SessionOptions) {}

  /** The tokens as they stand, or undefined when nobody is signed in. */
  current(): Promise<SignedIn | undefined> {
    if (this.known === undefined) {
      const reading = this.read();
      this.known = reading;
      reading.catch(() => {
        if (this.known === reading) this.known = undefined; // the next call reads again
      });
    }
    return this.known;
  }

  async keep(signedIn: SignedIn): Promise<void> {
    this.known = Promise.resolve(signedIn);
    await this.given.storage.set(this.given.key, JSON.stringify(signedIn));
  }

  async forget(): Promise<void> {
    this.known = Promise.resolve(undefined);
    await this.given.storage.remove(this.given.key);
  }

  /** Other tokens than `stale`. Many who ask at once cause one refresh and get its answer. */
  async renewed(stale: SignedIn): Promise<SignedIn | undefined> {
    const current = await this.current();
    if (current === undefined || current.access_token !== stale.access_token) return current;
    if (this.refreshing === undefined) {
      this.refreshing = this.replace(current).finally(() => {
        this.refreshing = undefined;
      });
    }
    return this.refreshing;
  }

  private async replace(current: SignedIn): Promise<SignedIn | undefined> {
    const next = await this.given.refresh(current.refresh_token);
    const meanwhile = await this.current();
    if (meanwhile !== current) return meanwhile;
    if (next !== undefined) {
      await this.keep(next);
    } else {
      await this.forget().finally(() => this.given.onEnded());
    }
    return next;
  }

  private async read(): Promise<SignedIn | undefined> {
    const text = await this.given.storage.get(this.given.key);
    if (text === undefined) return undefined;
    try {
      const read = JSON.parse(text) as Partial<SignedIn> | null;
      return typeof read?.refresh_token === "string" ? (read as SignedIn) : undefined;
    } catch {
      return undefined;
    }
  }
}

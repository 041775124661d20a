/** Calling off: made by the page, given to calls, used when the page goes away. */

import { Cancelled } from "./problems";

export class Cancellation {
  private listeners: Array<(reason: Cancelled) => void> = [];
  private reason: Cancelled | undefined;

  get cancelled(): boolean {
    return this.reason !== undefined;
  }

  /** End every call that was given this. Calling it again does nothing. */
  cancel(): void {
    if (this.reason !== undefined) return;
    this.reason = new Cancelled();
    const listeners = this.listeners;
    this.listeners = [];
    for (const listener of listeners) listener(this.reason);
  }

  /** Be told once, at once when it was called off before. The answer unsubscribes. */
  static watch(
    cancellation: Cancellation | undefined,
    listener: (reason: Cancelled) => void,
  ): () => void {
    if (cancellation === undefined) return () => undefined;
    if (cancellation.reason !== undefined) listener(cancellation.reason);
    else cancellation.listeners.push(listener);
    return () => {
      cancellation.listeners = cancellation.listeners.filter((each) => each !== listener);
    };
  }

  static check(cancellation: Cancellation | undefined): void {
    if (cancellation?.reason !== undefined) throw cancellation.reason;
  }
}

/** The little that every mini-program runtime has beyond the language itself. */

import { Cancellation } from "./cancellation";

declare function setTimeout(callback: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;

export type Pause = (milliseconds: number, cancellation?: Cancellation) => Promise<void>;

/** Wait; a cancellation ends it at once with Cancelled. */
export const pause: Pause = (milliseconds, cancellation) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, milliseconds);
    const forget = Cancellation.watch(cancellation, (reason) => {
      clearTimeout(timer);
      reject(reason);
    });
  });

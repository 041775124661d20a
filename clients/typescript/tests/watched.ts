/** A transport that remembers what was sent, and loses an answer when told. */

import { NetworkFailed, type Transport, type WireRequest } from "../src/index";

export class Watched {
  lost = 0;
  private readonly urls: string[] = [];
  private losing: ((request: WireRequest) => boolean) | undefined;

  constructor(private readonly inner: Transport) {}

  readonly transport: Transport = async (request, cancellation) => {
    this.urls.push(request.url);
    const answer = await this.inner(request, cancellation);
    if (this.losing?.(request) !== true) return answer;
    this.losing = undefined;
    this.lost += 1;
    throw new NetworkFailed("timeout", "the answer was lost on the way");
  };

  loseNext(which: (request: WireRequest) => boolean): void {
    this.losing = which;
  }

  count(tail: string): number {
    return this.urls.filter((url) => url.endsWith(tail)).length;
  }
}

/** `wx.request` as a transport. */

import { Cancellation } from "../cancellation";
import { NetworkFailed } from "../problems";
import { readBody, readHeaders, type Transport } from "../transport";

/** The part of `wx` that is used. */
export interface WxRequest {
  request(options: {
    url: string;
    method: "GET" | "POST" | "PUT" | "DELETE";
    header: Record<string, string>;
    data?: string;
    timeout: number;
    dataType: string;
    responseType: "text";
    success(result: { statusCode: number; data: unknown; header?: Record<string, unknown> }): void;
    fail(error: { errMsg?: string }): void;
  }): { abort(): void } | void;
}

/** Answers are read by us: WeChat would read JSON of its own kinds only. */
export function wxTransport(wx: WxRequest): Transport {
  return (request, cancellation) =>
    new Promise((resolve, reject) => {
      Cancellation.check(cancellation);
      let forget = (): void => undefined;
      const task = wx.request({
        url: request.url,
        method: request.method,
        header: request.headers,
        ...(request.body === undefined ? {} : { data: request.body }),
        timeout: request.timeoutMs,
        dataType: "text",
        responseType: "text",
        success: (result) => {
          forget();
          resolve({
            status: result.statusCode,
            headers: readHeaders(result.header),
            body: readBody(result.data),
          });
        },
        fail: (error) => {
          forget();
          const said = error.errMsg ?? "request:fail";
          reject(new NetworkFailed(/timed?[ _]?out/i.test(said) ? "timeout" : "unreachable", said));
        },
      });
      forget = Cancellation.watch(cancellation, (reason) => {
        reject(reason);
        if (task !== undefined) task.abort();
      });
    });
}

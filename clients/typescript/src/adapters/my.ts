/** `my.request` as a transport. */

import { Cancellation } from "../cancellation";
import { NetworkFailed } from "../problems";
import { readBody, readHeaders, type Transport } from "../transport";

export interface MyAnswer {
  status?: number;
  data?: unknown;
  headers?: Record<string, unknown>;
}

/** The part of `my` that is used. */
export interface MyRequest {
  request(options: {
    url: string;
    method: "GET" | "POST" | "PUT" | "DELETE";
    headers: Record<string, string>;
    data?: string;
    timeout: number;
    dataType: "text";
    success(result: MyAnswer): void;
    fail(error: MyAnswer & { error?: number | string; errorMessage?: string }): void;
  }): { abort?(): void } | void;
}

const TIMED_OUT = 13;

/** Alipay calls `fail` for answers of 400 and more: they are answers all the same. */
export function myTransport(my: MyRequest): Transport {
  return (request, cancellation) =>
    new Promise((resolve, reject) => {
      Cancellation.check(cancellation);
      let forget = (): void => undefined;
      const answered = (result: MyAnswer, status: number): void =>
        resolve({ status, headers: readHeaders(result.headers), body: readBody(result.data) });
      const task = my.request({
        url: request.url,
        method: request.method,
        headers: request.headers,
        ...(request.body === undefined ? {} : { data: request.body }),
        timeout: request.timeoutMs,
        dataType: "text",
        success: (result) => {
          forget();
          answered(result, result.status ?? 200);
        },
        fail: (error) => {
          forget();
          const status = Number(error.status);
          if (status >= 100) return answered(error, status);
          const kind = Number(error.error) === TIMED_OUT ? "timeout" : "unreachable";
          reject(new NetworkFailed(kind, `${error.error ?? ""} ${error.errorMessage ?? ""}`.trim()));
        },
      });
      forget = Cancellation.watch(cancellation, (reason) => {
        reject(reason);
        if (task !== undefined && task.abort !== undefined) task.abort();
      });
    });
}

/** `wx` and `my` as phones have them, played over the sandbox's phone interface. */

import type { MyPhone, MyRequest, MyStorage, WxPhone, WxRequest, WxStorage } from "../src/index";

export interface Resident {
  key: string;
  name: string;
  id_number: string;
}

/** What the test that starts the service tells us about it. */
export interface Stage {
  address: string;
  sandbox: string;
  wechat_appid: string;
  alipay_app_id: string;
  residents: Resident[];
  verifier: { username: string; password: string };
}

export function stage(): Stage | undefined {
  const told = process.env["ZHANGBAN_STAGE"];
  return told === undefined ? undefined : (JSON.parse(told) as Stage);
}

export type Wx = WxRequest & WxPhone & WxStorage;
export type My = MyRequest & MyPhone & MyStorage;

/** WeChat in one resident's hand. */
export function wxOf(on: Stage, resident: Resident): Wx {
  const tap = hand(on, resident, "wechat");
  const kept = new Map<string, string>();
  return {
    request: ({ url, method, header, data, timeout, success, fail }) => {
      const abort = new AbortController();
      send(url, method, header, data, AbortSignal.any([abort.signal, AbortSignal.timeout(timeout)]))
        .then(({ status, text, headers }) => success({ statusCode: status, data: text, header: headers }))
        .catch((error: unknown) => fail({ errMsg: `request:fail ${String(error)}` }));
      return { abort: () => abort.abort() };
    },
    login: ({ success, fail }) =>
      tap("login-code", { appid: on.wechat_appid })
        .then((answer) => success({ code: answer["code"] ?? "" }))
        .catch((error: unknown) => fail({ errMsg: `login:fail ${String(error)}` })),
    requestPayment: ({ success, fail, ...parameters }) =>
      tap("pay", { appId: on.wechat_appid, ...parameters })
        .then((answer) => (answer["errMsg"] === "requestPayment:ok" ? success(answer) : fail(answer)))
        .catch((error: unknown) => fail({ errMsg: `requestPayment:fail ${String(error)}` })),
    getStorageSync: (key) => kept.get(key) ?? "",
    setStorageSync: (key, value) => void kept.set(key, value),
    removeStorageSync: (key) => void kept.delete(key),
  };
}

/** Alipay in one resident's hand: an answer of 400 and more is its `fail` with error 19. */
export function myOf(on: Stage, resident: Resident): My {
  const tap = hand(on, resident, "alipay");
  const kept = new Map<string, string>();
  return {
    request: ({ url, method, headers, data, timeout, success, fail }) => {
      const abort = new AbortController();
      send(url, method, headers, data, AbortSignal.any([abort.signal, AbortSignal.timeout(timeout)]))
        .then((answer) => {
          const told = { status: answer.status, data: answer.text, headers: answer.headers };
          if (answer.status >= 400) fail({ ...told, error: 19, errorMessage: "http status error" });
          else success(told);
        })
        .catch((error: unknown) => fail({ error: 12, errorMessage: String(error) }));
      return { abort: () => abort.abort() };
    },
    getAuthCode: ({ scopes, success, fail }) =>
      tap("auth-code", { app_id: on.alipay_app_id, scopes })
        .then((answer) => success({ authCode: answer["authCode"] ?? "" }))
        .catch((error: unknown) => fail({ error: 12, errorMessage: String(error) })),
    tradePay: ({ tradeNO, success, fail }) =>
      tap("pay", { tradeNO })
        .then((answer) => success({ resultCode: answer["resultCode"] ?? "" }))
        .catch((error: unknown) => fail({ error: 12, errorMessage: String(error) })),
    getStorageSync: ({ key }) => ({ data: kept.get(key) ?? null }),
    setStorageSync: ({ key, data }) => void kept.set(key, data),
    removeStorageSync: ({ key }) => void kept.delete(key),
  };
}

type Tap = (action: string, given: object) => Promise<Record<string, string>>;

function hand(on: Stage, resident: Resident, platform: "wechat" | "alipay"): Tap {
  return async (action, given) => {
    const url = `${on.sandbox}/phone/${resident.key}/${platform}/${action}`;
    const body = JSON.stringify(given);
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  };
}

async function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | undefined,
  signal: AbortSignal,
): Promise<{ status: number; text: string; headers: Record<string, string> }> {
  const answer = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
  return { status: answer.status, text: await answer.text(), headers: Object.fromEntries(answer.headers) };
}

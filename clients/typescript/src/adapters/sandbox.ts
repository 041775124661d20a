/** The hand of one resident of the sandbox: a simulator's own codes and sheets are nothing to it. */

import type { Phone, SheetAnswer } from "../phones";
import { NetworkFailed } from "../problems";
import type { Transport } from "../transport";

export interface SandboxHand {
  /** The sandbox's address, as `make run` prints it. */
  sandbox: string;
  /** Whose phone: a key of `seeds/city/people.yaml`, as `wang-guilan`. */
  resident: string;
  provider: "wechat" | "alipay";
  /** The app id of the mini-program at that platform. */
  appid: string;
}

const TAP_MS = 10_000;

/** A phone to develop with instead of `wxPhone(wx)` or `myPhone(my)`. It always pays and takes. */
export function sandboxPhone(transport: Transport, hand: SandboxHand): Phone {
  const tap = async (action: string, given: object): Promise<Record<string, string>> => {
    const url = `${hand.sandbox}/phone/${hand.resident}/${hand.provider}/${action}`;
    const headers = { "content-type": "application/json" };
    const answer = await transport({ method: "POST", url, headers, body: JSON.stringify(given), timeoutMs: TAP_MS });
    if (answer.status >= 400) throw new NetworkFailed("unreachable", `${url}: ${answer.status}`);
    return answer.body as Record<string, string>;
  };
  return hand.provider === "wechat" ? wechat(tap, hand.appid) : alipay(tap, hand.appid);
}

type Tap = (action: string, given: object) => Promise<Record<string, string>>;

function wechat(tap: Tap, appid: string): Phone {
  return {
    provider: "wechat",
    loginCode: async () => (await tap("login-code", { appid }))["code"] ?? "",
    pay: async (parameters) => read(await tap("pay", { appId: appid, ...parameters }), "errMsg", /:ok$/),
    takePayout: async (confirmation) => read(await tap("confirm-transfer", confirmation), "errMsg", /:ok$/),
  };
}

function alipay(tap: Tap, appid: string): Phone {
  return {
    provider: "alipay",
    loginCode: async () => (await tap("auth-code", { app_id: appid, scopes: ["auth_base"] }))["authCode"] ?? "",
    pay: async (parameters) => read(await tap("pay", parameters), "resultCode", /^9000$/),
  };
}

function read(answer: Record<string, string>, name: string, done: RegExp): SheetAnswer {
  return done.test(answer[name] ?? "") ? "done" : "failed";
}

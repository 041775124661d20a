// The shim in Node, on a phone and a product that are scripted here. Run by test_shim.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";

const PAGES = process.env.PAGES;
const ORIGIN = "http://sandbox";
const PRODUCT = "http://product";
const TEMPLATES = [{ id: "paid", title: "缴费成功通知", kind: "one_time" }];
const ABOUT = {
  name: "王桂兰",
  product: PRODUCT,
  apps: {
    wechat: { appid: "wx1", templates: TEMPLATES },
    alipay: { appid: "2021", templates: TEMPLATES },
  },
};
const SHEET = { amount_fen: 8000, title: "不动产登记费", payee: "政务缴费" };
const PAY = { timeStamp: "1", nonceStr: "n", package: "prepay_id=wx9", signType: "RSA", paySign: "s" };

runInThisContext(readFileSync(`${PAGES}/shim.js`, "utf-8"));

/** A phone whose sandbox answers from `answers`: path → body, [status, body], or a function. */
function phone(platform, answers, tapped = "confirm") {
  const calls = [];
  const shown = [];
  const kept = new Map();
  const all = { "/phone/wang/about": ABOUT, ...answers };
  const fetch = async (url, what) => {
    const path = url.replace(ORIGIN, "");
    calls.push({ path, method: what.method || "GET", body: what.body, headers: what.headers });
    const found = typeof all[path] === "function" ? await all[path](what) : all[path];
    const [status, body] = Array.isArray(found) ? found : [200, found];
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const headers = new Map([["content-type", "application/json"]]);
    return { status, headers, json: async () => JSON.parse(text), text: async () => text };
  };
  const storage = {
    getItem: (key) => (kept.has(key) ? kept.get(key) : null),
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  const ask = async (sheet) => {
    shown.push(sheet);
    return tapped;
  };
  const given = { origin: ORIGIN, person: "wang", platform, fetch, storage, AbortController, ask };
  ZhangbanPhone.install(given);
  return { calls, shown, kept };
}

const sent = (calls, path) => calls.filter((call) => call.path === path).map((call) => JSON.parse(call.body));
const callback = (start) =>
  new Promise((resolve) =>
    start({ success: (result) => resolve(["success", result]), fail: (error) => resolve(["fail", error]) }));

test("wx.login gives the phone's code for this mini-program, also as a promise", async () => {
  const { calls } = phone("wechat", { "/phone/wang/wechat/login-code": { code: "c1" } });

  assert.deepEqual(await wx.login(), { code: "c1", errMsg: "login:ok" });
  assert.deepEqual(sent(calls, "/phone/wang/wechat/login-code"), [{ appid: "wx1" }]);
});

test("callbacks are called in the platform's order, and then there is no promise", async () => {
  phone("wechat", { "/phone/wang/wechat/login-code": [409, { errMsg: "no WeChat", errCode: 7 }] });
  const heard = [];
  const returned = await new Promise((resolve) => {
    const answer = wx.login({
      fail: (error) => heard.push(["fail", error]),
      complete: (error) => resolve([answer, heard.push(["complete", error])]),
    });
  });

  const error = { errMsg: "login:fail no WeChat", errCode: 7 };
  assert.deepEqual(heard, [["fail", error], ["complete", error]]);
  assert.equal(returned[0], undefined);
});

test("wx.request asks the product's addresses through the sandbox, and others as they are", async () => {
  const answers = { "/mini/v1/home?a=1&b=%E7%8E%8B": { fees: 2 }, "http://else/x": "plain" };
  const { calls } = phone("wechat", answers);
  const data = { a: 1, b: "王" };
  const header = { Authorization: "Bearer t" };
  const [told, home] = await callback((to) => wx.request({ url: `${PRODUCT}/v1/home`, data, header, ...to }));
  const [, other] = await callback((to) => wx.request({ url: "http://else/x", dataType: "text", ...to }));

  assert.equal(told, "success");
  assert.deepEqual([home.statusCode, home.data, home.errMsg], [200, { fees: 2 }, "request:ok"]);
  assert.equal(other.data, "plain");
  assert.equal(calls[1].headers.Authorization, "Bearer t");
});

test("a refusal of the product is an answer in WeChat and a failure in Alipay", async () => {
  const answers = { "/mini/v1/x": [404, { code: "payments.order_not_found" }] };
  phone("wechat", answers);
  const [told, answer] = await callback((to) => wx.request({ url: "/v1/x", ...to }));
  phone("alipay", answers);
  const [failed, error] = await callback((to) => my.request({ url: "/v1/x", ...to }));

  assert.deepEqual([told, answer.statusCode], ["success", 404]);
  assert.deepEqual([failed, error.status, error.error], ["fail", 404, 19]);
  assert.equal(error.data.code, "payments.order_not_found");
});

test("requests end by abort and by time, each with its own words", async () => {
  const never = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  phone("wechat", { "/mini/v1/slow": never });
  const aborted = await callback((to) => setTimeout(wx.request({ url: "/v1/slow", ...to }).abort, 20));
  const late = await callback((to) => wx.request({ url: "/v1/slow", timeout: 20, ...to }));
  phone("alipay", { "/mini/v1/slow": never });
  const [, error] = await callback((to) => my.request({ url: "/v1/slow", timeout: 20, ...to }));

  assert.deepEqual(aborted, ["fail", { errMsg: "request:fail abort" }]);
  assert.deepEqual(late, ["fail", { errMsg: "request:fail timeout" }]);
  assert.equal(error.error, 13);
});

test("wx.requestPayment shows the amount and pays with the parameters as they came", async () => {
  const paid = { "/phone/wang/sheet?prepay_id=wx9": SHEET, "/phone/wang/wechat/pay": { errMsg: "requestPayment:ok" } };
  const { calls, shown } = phone("wechat", paid);

  assert.deepEqual(await wx.requestPayment(PAY), { errMsg: "requestPayment:ok" });
  assert.deepEqual(shown, [{ kind: "wechat-pay", ...SHEET }]);
  assert.deepEqual(sent(calls, "/phone/wang/wechat/pay"), [{ appId: "wx1", ...PAY }]);
});

test("a pay sheet that is closed pays nothing", async () => {
  const { calls } = phone("wechat", { "/phone/wang/sheet?prepay_id=wx9": SHEET }, "cancel");

  await assert.rejects(wx.requestPayment(PAY), { errMsg: "requestPayment:fail cancel" });
  assert.deepEqual(sent(calls, "/phone/wang/wechat/pay"), []);
});

test("what WeChat would not open is not shown, and its reason is told", async () => {
  const said = { errMsg: "requestPayment:fail 订单不属于当前用户" };
  const answers = { "/phone/wang/sheet?prepay_id=wx9": [404, { errMsg: "?" }], "/phone/wang/wechat/pay": said };
  const { shown } = phone("wechat", answers);

  await assert.rejects(wx.requestPayment(PAY), said);
  assert.deepEqual(shown, []);
});

test("nothing is paid on a sheet that could not be read", async () => {
  const { calls, shown } = phone("wechat", { "/phone/wang/sheet?prepay_id=wx9": [500, {}] });

  await assert.rejects(wx.requestPayment(PAY), { errMsg: "the phone is out of order" });
  assert.deepEqual([shown, sent(calls, "/phone/wang/wechat/pay")], [[], []]);
});

test("a payout is shown and taken", async () => {
  const said = { errMsg: "requestMerchantTransfer:ok" };
  const answers = { "/phone/wang/sheet?package_info=p%2B1": SHEET, "/phone/wang/wechat/confirm-transfer": said };
  const { calls, shown } = phone("wechat", answers);

  assert.equal(wx.canIUse("requestMerchantTransfer"), true);
  assert.deepEqual(await wx.requestMerchantTransfer({ mchId: "19", appId: "wx1", package: "p+1" }), said);
  assert.equal(shown[0].kind, "wechat-transfer");
  assert.deepEqual(sent(calls, "/phone/wang/wechat/confirm-transfer"), [{ mchId: "19", appId: "wx1", package: "p+1" }]);
});

test("the question about messages names them, and the answer is the tap", async () => {
  const { shown } = phone("wechat", { "/phone/wang/wechat/subscribe": { paid: "reject" } }, "cancel");
  const said = await wx.requestSubscribeMessage({ tmplIds: ["paid"] });

  assert.deepEqual(shown, [{ kind: "wechat-subscribe", templates: TEMPLATES }]);
  assert.deepEqual(said, { errMsg: "requestSubscribeMessage:ok", paid: "reject" });
});

test("a word is shown for a moment and its call succeeds, in each platform's form", async () => {
  const onWechat = phone("wechat", {});
  const said = await wx.showToast({ title: "已保存" });
  const onAlipay = phone("alipay", {});
  const told = await my.showToast({ content: "已保存" });

  const toast = [{ kind: "toast", title: "已保存" }];
  assert.deepEqual([onWechat.shown, onAlipay.shown], [toast, toast]);
  assert.deepEqual([said, told], [{ errMsg: "showToast:ok" }, { success: true }]);
});

test("what is kept is one person's on one platform", () => {
  const { kept } = phone("wechat", {});
  wx.setStorageSync("tokens", { access: "a" });
  const found = [wx.getStorageSync("tokens"), wx.getStorageSync("nothing")];
  wx.removeStorageSync("tokens");
  phone("alipay", {});
  my.setStorageSync({ key: "k", data: 1 });

  assert.deepEqual(found, [{ access: "a" }, ""]);
  assert.equal(kept.size, 0);
  assert.deepEqual([my.getStorageSync({ key: "k" }).data, my.getStorageSync({ key: "x" }).data], [1, null]);
});

test("my.getAuthCode and my.tradePay answer as Alipay's do", async () => {
  const answers = {
    "/phone/wang/alipay/auth-code": { authCode: "a1" },
    "/phone/wang/sheet?trade_no=t1": SHEET,
    "/phone/wang/alipay/pay": ({ body }) => ({ resultCode: JSON.parse(body).answer === "pay" ? "9000" : "6001" }),
  };
  phone("alipay", answers);
  const code = await my.getAuthCode({ scopes: ["auth_base"] });
  const paid = await my.tradePay({ tradeNO: "t1" });
  phone("alipay", answers, "cancel");
  const closed = await my.tradePay({ tradeNO: "t1" });

  assert.equal(code.authCode, "a1");
  assert.deepEqual([paid, closed], [{ resultCode: "9000" }, { resultCode: "6001" }]);
});

test("my.requestSubscribeMessage gives what was agreed to, and fails with Alipay's number", async () => {
  const agreed = { success: true, behavior: "subscribe", result: { subscribedEntityIds: ["paid"] } };
  phone("alipay", { "/phone/wang/alipay/subscribe": agreed });
  const said = await my.requestSubscribeMessage({ entityIds: ["paid"] });
  phone("alipay", { "/phone/wang/alipay/subscribe": { success: false, error: 106008 } });

  assert.deepEqual(said, agreed);
  await assert.rejects(my.requestSubscribeMessage({ entityIds: ["other"] }), { error: 106008 });
});

test("the example page renews its tokens once and asks again", async () => {
  let renewals = 0;
  const signedIn = (number) => ({ access_token: `a${number}`, refresh_token: `r${number}` });
  const answers = {
    "/phone/wang/wechat/login-code": { code: "c1" },
    "/mini/v1/sessions": signedIn(0),
    "/mini/v1/sessions/refresh": () => signedIn((renewals += 1)),
    "/mini/v1/home": ({ headers }) => (headers.Authorization === "Bearer a0" ? [401, { status: 401, title: "过期" }] : { fees: 1 }),
  };
  const { calls } = phone("wechat", answers);
  const calling = await examplePage();
  await calling.logIn();
  const homes = await Promise.all([calling.get("/v1/home"), calling.get("/v1/home")]);

  assert.deepEqual(homes, [{ fees: 1 }, { fees: 1 }]);
  assert.equal(renewals, 1);
  assert.deepEqual(sent(calls, "/mini/v1/sessions"), [{ provider: "wechat", code: "c1" }]);
});

test("the example page believes no sheet, and a closed one is no error", async () => {
  phone("wechat", { "/phone/wang/sheet?prepay_id=wx9": SHEET }, "cancel");
  const { showPaySheet } = await examplePage();

  assert.equal(await showPaySheet(PAY), false);
});

async function examplePage() {
  globalThis.location = { search: "?person=wang&platform=wechat" };
  const source = readFileSync(`${PAGES}/mini-calls.js`, "utf-8");
  return import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`);
}

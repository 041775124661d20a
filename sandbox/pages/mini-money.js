/* 缴费 and 拨付: what is owed, paying it, and taking what is paid out. */

import { api, get, platform, showPaySheet, takeTransfer } from "./mini-calls.js";
import { ORDER, PAYOUT, action, chip, empty, fact, h, money, title, when } from "./mini-parts.js";

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export async function feesPage(go) {
  const { items } = await get("/v1/fee-orders?limit=50");
  const open = items.filter((order) => order.status === "open");
  const rest = items.filter((order) => order.status !== "open");
  return [
    title("缴费", open.length ? `${open.length} 笔待缴` : "没有待缴的费用"),
    open.map((order) => feeLine(order, go)),
    rest.length ? h("h2", {}, "以往") : "",
    rest.map((order) => feeLine(order, go)),
  ];
}

export function feeLine(order, go) {
  return h("button", { class: "line", onclick: () => go("fee", order.order_no) },
    h("span", { class: "what" }, h("b", {}, order.title), h("small", {}, order.agency_name)),
    h("span", { class: "how" }, money(order.amount_fen), order.status ? chip(ORDER, order.status) : ""));
}

export async function feePage(go, orderNo) {
  const order = await get(`/v1/fee-orders/${orderNo}`);
  const receipt = order.status === "paid" ? await get(`/v1/fee-orders/${orderNo}/receipt`) : null;
  return [
    h("section", { class: "bill" },
      h("p", { class: "payee" }, order.agency_name),
      h("p", { class: "sum" }, money(order.amount_fen)),
      chip(ORDER, order.status)),
    h("dl", {},
      fact("项目", order.title),
      fact("缴费单号", order.order_no),
      receipt ? [
        fact("缴费时间", when(receipt.paid_at)),
        fact("支付渠道", receipt.provider === "wechat" ? "微信支付" : "支付宝"),
        fact("交易号", receipt.trade_no),
      ] : ""),
    order.status === "open"
      ? action(platform === "wechat" ? "微信支付" : "支付宝付款", () => pay(orderNo, go))
      : "",
  ];
}

/* Prepare under one id until it is ready, show the sheet, then wait until the money is entered. */
async function pay(orderNo, go) {
  const path = `/v1/fee-orders/${orderNo}/payments/${crypto.randomUUID()}`;
  let payment = await api("PUT", path, { channel: platform });
  for (let tries = 10; payment.ask_again_after !== null && tries > 0; tries -= 1) {
    await pause(payment.ask_again_after);
    payment = await api("PUT", path, { channel: platform });
  }
  if (!payment.parameters) throw new Error("支付确认中，请稍后再看");
  if (!(await showPaySheet(payment.parameters))) return;
  go("waiting", "正在确认到账…");
  const order = await get(`/v1/fee-orders/${orderNo}?wait=25`);
  go(order.status === "paid" ? "paid" : "fee", orderNo);
}

export async function paidPage(go, orderNo) {
  const order = await get(`/v1/fee-orders/${orderNo}`);
  return [
    h("section", { class: "done" },
      h("div", { class: "tick", "aria-hidden": "true" }),
      h("h1", {}, "缴费成功"),
      h("p", { class: "sum" }, money(order.amount_fen)),
      h("p", {}, `${order.title} · ${order.agency_name}`)),
    h("div", { class: "action" }, h("button", { class: "plain", onclick: () => go("fee", orderNo) }, "查看凭证")),
  ];
}

export async function payoutsPage(go) {
  const { items } = await get("/v1/disbursements");
  return [
    title("拨付给我的款项"),
    items.length ? items.map((one) => payoutLine(one, go)) : empty("还没有款项"),
  ];
}

function payoutLine(one, go) {
  return h("button", { class: "line", onclick: () => go("payout", one.id) },
    h("span", { class: "what" }, h("b", {}, one.purpose), h("small", {}, when(one.requested_at))),
    h("span", { class: "how" }, money(one.amount_fen), chip(PAYOUT, one.status)));
}

const CHANNEL = { wechat_transfer: "微信零钱", alipay_transfer: "支付宝余额", bank: "对公账户" };

export async function payoutPage(go, id) {
  const one = await get(`/v1/disbursements/${id}`);
  return [
    h("section", { class: "bill" },
      h("p", { class: "payee" }, one.purpose),
      h("p", { class: "sum" }, money(one.amount_fen)),
      chip(PAYOUT, one.status)),
    h("dl", {},
      fact("发到", CHANNEL[one.channel] || one.channel),
      fact("发放时间", when(one.requested_at)),
      one.finished_at ? fact("到账时间", when(one.finished_at)) : ""),
    one.confirmation ? action("确认收款", () => take(one, go)) : "",
    one.confirmation ? h("p", { class: "note" }, "请在 24 小时内确认，逾期款项退回。") : "",
  ];
}

async function take(one, go) {
  if (!(await takeTransfer(one.confirmation))) return;
  go("waiting", "正在确认到账…");
  await get(`/v1/disbursements/${one.id}?wait=25`);
  go("payout", one.id);
}

/* 免申即享 and 消息: what comes without being asked for, why, and what was said about it. */

import { api, get } from "./mini-calls.js";
import { ENTITLEMENT, action, chip, empty, h, title, when } from "./mini-parts.js";

export async function benefitsPage(go) {
  const { items } = await get("/v1/entitlements?limit=50");
  return [
    title("我的待遇", "不用申请，符合条件就告诉您"),
    items.length ? items.map((one) => benefitLine(one, go)) : empty("目前没有匹配到待遇"),
  ];
}

export function benefitLine(one, go) {
  return h("button", { class: "line", onclick: () => go("benefit", one.id) },
    h("span", { class: "what" }, h("b", {}, one.title),
      h("small", {}, one.reasons ? inShort(one.reasons) : `请在 ${one.deadline_on} 前确认`)),
    h("span", { class: "how" }, h("b", {}, worth(one)), one.status ? chip(ENTITLEMENT, one.status) : ""));
}

/* ["符合：健在", "符合：年满 60 周岁"] → "符合：健在、年满 60 周岁" */
function inShort(reasons) {
  const groups = new Map();
  for (const reason of reasons) {
    const [, kind, text] = /^(?:(.*?)：)?(.*)$/s.exec(reason);
    groups.set(kind, [...(groups.get(kind) || []), text]);
  }
  return [...groups].map(([kind, texts]) => (kind ? `${kind}：` : "") + texts.join("、")).join("；");
}

const worth = (one) => (one.amount ? (one.amount_fen === null ? one.amount : `¥${one.amount}`) : "");

export async function benefitPage(go, id) {
  const one = await get(`/v1/entitlements/${id}`);
  const asks = one.mode !== "DIRECT" && one.delivery === "paid" && one.status === "notified";
  const step = (path) => async () => {
    await api("POST", `/v1/entitlements/${id}/${path}`);
    go("benefit", id);
  };
  return [
    h("section", { class: "bill benefit" },
      h("p", { class: "payee" }, one.title),
      one.amount ? h("p", { class: "sum" }, worth(one)) : "",
      chip(ENTITLEMENT, one.status)),
    h("h2", {}, "为什么"),
    h("ul", { class: "why" }, one.explanation.conditions.map(condition)),
    one.explanation.needs.length ? h("p", { class: "note" }, one.explanation.needs.join("；")) : "",
    asks ? action("确认享受", step("confirmation")) : "",
    asks ? action("放弃", step("refusal"), "plain") : "",
    asks && one.deadline_on ? h("p", { class: "note" }, `请在 ${one.deadline_on} 前确认。`) : "",
    h("p", { class: "basis" }, `依据：${one.legal_basis}`),
  ];
}

const MARK = new Map([[true, ["✓", "yes"]], [false, ["✗", "no"]], [null, ["?", "open"]]]);

function condition(found) {
  const [mark, tone] = MARK.get(found.holds);
  const from = [found.source, found.as_of && `${found.as_of} 的数据`].filter(Boolean).join("，");
  return h("li", { class: tone },
    h("i", { "aria-label": { yes: "符合", no: "不符合", open: "未知" }[tone] }, mark),
    h("span", {}, h("b", {}, found.text), h("small", {}, [found.value, from].filter(Boolean).join(" · ")),
      found.hint ? h("small", {}, found.hint) : ""));
}

export async function messagesPage(go) {
  const { items } = await get("/v1/messages?limit=50");
  return [
    title("消息"),
    items.length ? items.map((one) => messageLine(one, go)) : empty("还没有消息"),
  ];
}

function messageLine(one, go) {
  const read = async () => {
    if (!one.read_at) await api("POST", `/v1/messages/${one.id}/reading`);
    const about = /^entitlement:(.+)$/.exec(one.about);
    return about ? go("benefit", about[1]) : go("messages");
  };
  return h("button", { class: `message${one.read_at ? "" : " unread"}`, onclick: read },
    h("span", { class: "card-head" }, h("b", {}, one.title), h("small", {}, when(one.created_at))),
    h("span", {}, one.text));
}

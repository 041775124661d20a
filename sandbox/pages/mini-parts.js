/* Pieces of pages, and words for what the interface calls by codes. */

/* An element: a tag, its attributes, its children. `onclick` and the like are listeners. */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made[name] = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export const yuan = (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;

export function money(fen) {
  return h("span", { class: "money" }, h("small", {}, "¥"), yuan(fen));
}

const SHOWN = { timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" };

export const when = (text) => new Date(text).toLocaleString("zh-CN", SHOWN);

export const title = (text, note = "") => h("header", { class: "title" }, h("h1", {}, text), note && h("p", {}, note));

export const empty = (text) => h("p", { class: "empty" }, text);

export function fact(name, value) {
  return h("div", { class: "fact" }, h("dt", {}, name), h("dd", {}, value));
}

export function chip(words, code) {
  const [text, tone] = words[code] || [code, "quiet"];
  return h("span", { class: `chip ${tone}` }, text);
}

/* A button that works once at a time and says what went wrong under itself. */
export function action(text, work, kind = "primary") {
  const said = h("p", { class: "went-wrong", role: "alert", hidden: true });
  const button = h("button", { class: kind, type: "button" }, text);
  button.onclick = async () => {
    button.disabled = true;
    said.hidden = true;
    try {
      await work();
    } catch (error) {
      said.textContent = error.title || error.errMsg || error.errorMessage || String(error);
      said.hidden = false;
    }
    button.disabled = false;
  };
  return h("div", { class: "action" }, button, said);
}

export const ORDER = { open: ["待缴", "warm"], paid: ["已缴", "good"], closed: ["已关闭", "quiet"] };

export const PAYOUT = {
  requested: ["处理中", "calm"], held: ["排队中", "calm"], unknown: ["核实中", "calm"],
  accepted: ["处理中", "calm"], waiting_user: ["待您收款", "warm"], paid: ["已到账", "good"],
  failed: ["未成功", "bad"], returned: ["已退回", "bad"],
};

export const ENTITLEMENT = {
  needs_facts: ["缺少信息", "quiet"], not_eligible: ["暂不符合", "quiet"], matched: ["符合", "good"],
  notified: ["可以享受", "good"], confirmed: ["已确认", "calm"], declined: ["已放弃", "quiet"],
  waiting_budget: ["排队中", "calm"], held: ["办理中", "calm"], stopped: ["已停止", "quiet"],
  paying: ["发放中", "calm"], paid: ["已发放", "good"], failed: ["未成功", "bad"],
};

export const LICENCE = {
  valid: ["有效", "good"], not_yet_valid: ["未生效", "quiet"], expired: ["已过期", "bad"],
  suspended: ["已暂停", "bad"], revoked: ["已注销", "bad"],
};

export const RELATION = { self: "本人", guardian: "监护人", representative: "法定代表人", agent: "受托代办" };

/* 掌上办 as a mini-program: an example of a page that knows nothing but `wx` and `my`. */

import { benefitLine, benefitPage, benefitsPage, messagesPage } from "./mini-benefits.js";
import { api, askForMessages, forget, get, keep, kept, logIn, logOut, onAlipay } from "./mini-calls.js";
import { codePage, licencePage, licencesPage } from "./mini-licences.js";
import { feeLine, feePage, feesPage, paidPage, payoutPage, payoutsPage } from "./mini-money.js";
import { RELATION, action, h, title } from "./mini-parts.js";

const PAGES = {
  home: homePage, fees: feesPage, fee: feePage, paid: paidPage, payouts: payoutsPage, payout: payoutPage,
  licences: licencesPage, licence: licencePage, code: codePage,
  benefits: benefitsPage, benefit: benefitPage, messages: messagesPage,
  login: loginPage, name: namePage, waiting: async (_, text) => [h("p", { class: "waiting" }, text)],
};
const TABS = [["home", "首页"], ["licences", "证照"], ["benefits", "待遇"], ["messages", "消息"]];
const REAL_NAME = 2;
const place = document.getElementById("page");
const tabs = document.getElementById("tabs");
let shown = 0;

/* Show a page. Whoever is not signed in, or not known by name yet, is asked for that first. */
async function go(name, given) {
  const number = ++shown;
  const stays = () => number === shown;
  let parts;
  try {
    parts = await PAGES[name](go, given, stays);
  } catch (error) {
    if (error.status === 401) {
      forget();
      return go("login");
    }
    if (error.code === "identity.real_name_required") return go("name");
    parts = [h("p", { class: "went-wrong" }, error.title || error.message || "没有连上"),
      action("再试一次", () => go(name, given), "plain")];
  }
  if (!stays()) return;
  place.replaceChildren(...parts.flat(9).filter(Boolean));
  place.dataset.page = name;
  place.scrollTop = 0;
  drawTabs(name);
  history.replaceState(null, "", `${location.pathname}${location.search}#${name}`);
}

function drawTabs(name) {
  tabs.hidden = ["login", "name"].includes(name);
  tabs.replaceChildren(...TABS.map(([page, text]) =>
    h("button", { "aria-current": page === name ? "page" : null, onclick: () => go(page) }, text)));
}

async function loginPage() {
  const enter = async () => {
    await logIn();
    await go("home");
  };
  return [h("section", { class: "door" },
    h("div", { class: "mark", "aria-hidden": "true" }, "临溪"),
    h("h1", {}, "掌上办"),
    h("p", {}, "缴费、亮证、待遇，一个地方办"),
    action(onAlipay ? "支付宝一键登录" : "微信一键登录", enter),
    h("p", { class: "note" }, "不索要手机号。首次登录后做一次实名认证。"))];
}

async function namePage() {
  const name = h("input", { id: "name", autocomplete: "name", maxlength: 64 });
  const number = h("input", { id: "number", "data-owner": "id_number", maxlength: 18, autocomplete: "off" });
  const prove = async () => {
    await api("PUT", "/v1/me/real-name", { name: name.value.trim(), id_number: number.value.trim() });
    await go("home");
  };
  return [
    title("实名认证", "与公安人口库核对一次，以后不再问"),
    h("div", { class: "form" },
      h("label", { for: "name" }, "姓名"), name,
      h("label", { for: "number" }, "身份证号"), number,
      action("认证", prove)),
  ];
}

async function homePage() {
  const home = await get("/v1/home");
  if (home.me.level < REAL_NAME) throw { code: "identity.real_name_required" };
  const self = home.me.may_act_for.find((one) => one.relation === "self");
  const actingFor = home.me.acting_for || self;
  const { items } = await get("/v1/subscriptions/templates");
  const asks = items.filter((one) => one.ask);
  const sorts = [asks.filter((one) => one.kind === "one_time"), asks.filter((one) => one.kind !== "one_time")];
  const next = sorts.find((sort) => sort.length) || [];
  return [
    h("section", { class: "hello" },
      h("h1", {}, actingFor.name), actingChoice(home.me, actingFor), tiles(home)),
    next.length ? reminder(next) : "",
    home.entitlements.top.length ? h("h2", {}, "等您确认") : "",
    home.entitlements.top.map((one) => benefitLine(one, go)),
    h("h2", {}, "待缴费"),
    home.fees.top.length ? home.fees.top.map((one) => feeLine(one, go)) : h("p", { class: "empty" }, "没有待缴的费用"),
    action("退出登录", () => logOut().then(() => go("login")), "quiet"),
  ];
}

function tiles(home) {
  const tile = (page, text, count) =>
    h("button", { onclick: () => go(page) }, h("b", {}, String(count)), h("span", {}, text));
  return h("div", { class: "tiles" },
    tile("fees", "待缴费", home.fees.open), tile("licences", "证照", home.licences.count),
    tile("payouts", "款项", "›"), tile("messages", "未读消息", home.messages.unread));
}

function reminder(templates) {
  const agree = () => askForMessages(templates).then(() => go("home"));
  return h("section", { class: "reminder" },
    h("span", {}, h("b", {}, "办成了，发消息告诉您"),
      h("small", {}, templates.slice(0, 3).map((one) => one.title).join("、"))),
    action("开启", agree, "small"));
}

function actingChoice(me, actingFor) {
  const choose = h("select", { "aria-label": "为谁办" }, me.may_act_for.map((one) =>
    h("option", { value: one.party_id, selected: one.party_id === actingFor.party_id },
      `${RELATION[one.relation] || one.relation} · ${one.name}`)));
  choose.onchange = async () => {
    keep(await api("POST", "/v1/sessions/acting", { party_id: choose.value }));
    await go("home");
  };
  return me.may_act_for.length > 1 ? choose : h("p", {}, "本人");
}

const wanted = location.hash.slice(1);
go(!kept() ? "login" : TABS.some(([page]) => page === wanted) || ["fees", "payouts"].includes(wanted) ? wanted : "home");

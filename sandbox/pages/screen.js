/* The phone itself: its desktop, the two apps with the mini-program in them, what it received. */

import { fact, h, when, yuan } from "./mini-parts.js";

const key = decodeURIComponent(location.pathname.split("/")[2]);
const base = `/phone/${encodeURIComponent(key)}`;
const SECONDS_BETWEEN_LOOKS = 2;
const SEEN = `zhangban/seen/${key}`;
const OWN = "/own/index.html";
const APPS = { wechat: ["微信", "green", "微"], alipay: ["支付宝", "blue", "支"] };

const at = (id) => document.getElementById(id);
const read = async (path) => (await fetch(base + path)).json();

let told = null;

function show(id) {
  for (const name of ["desktop", "notices", "app"]) at(name).hidden = name !== id;
  document.querySelector(".phone").dataset.shows = id;
}

function goHome() {
  show("desktop");
  at("frame").removeAttribute("src");
}

function open(platform, page = "", file = "/pages/mini.html") {
  at("frame").src = `${file}?person=${encodeURIComponent(key)}&platform=${platform}${page && `#${page}`}`;
  at("app").className = APPS[platform][1];
  show("app");
}

function openNotices() {
  localStorage.setItem(SEEN, String(told ? told.length : 0));
  drawNotices();
  show("notices");
}

function icon(text, tone, sign, onclick, badge = 0) {
  return h("button", { class: `icon ${tone}`, onclick },
    h("i", { "aria-hidden": "true" }, sign), h("span", {}, text),
    badge ? h("em", { "aria-label": `${badge} 条未读` }, badge > 99 ? "99+" : String(badge)) : "");
}

function drawIcons(about) {
  const unread = told ? Math.max(told.length - Number(localStorage.getItem(SEEN) || 0), 0) : 0;
  const installed = Object.keys(APPS).filter((platform) => about[platform]);
  at("icons").replaceChildren(
    ...installed.map((platform) => {
      const [text, tone, sign] = APPS[platform];
      return icon(text, tone, sign, () => open(platform));
    }),
    ...(ownPage ? installed : []).map((platform) =>
      icon(`我的·${APPS[platform][0]}`, APPS[platform][1], "己", () => open(platform, "", OWN))),
    icon("服务通知", "ink", "信", openNotices, unread),
  );
}

/* Where a message leads: its page's name is the mini-program's, without what stands before it. */
function leadsTo(page) {
  return { "pages/fee-orders/index": "fees", "pages/entitlements/index": "benefits",
    "pages/licences/index": "licences" }[page.split("?")[0]] || "messages";
}

function notice(one) {
  const onclick = () => open(one.platform, leadsTo(one.page));
  return h("button", { class: "notice", onclick },
    h("small", {}, `${APPS[one.platform][0]} · 掌上办 · ${when(one.sent_at)}`), h("b", {}, one.title),
    h("span", {}, Object.values(one.data).join(" · ")));
}

function drawNotices() {
  const newest = [...(told || [])].reverse();
  at("received").replaceChildren(
    ...(newest.length ? newest.map(notice) : [h("p", { class: "empty" }, "还没有收到消息")]));
}

function drop(one) {
  at("banner").replaceChildren(notice(one));
  at("banner").hidden = false;
  setTimeout(() => (at("banner").hidden = true), 5000);
}

async function look(about) {
  const [wallet, byWechat, byAlipay] = await Promise.all(
    [read("/wallet"), read("/wechat/messages"), read("/alipay/messages")]);
  const wechat = byWechat.filter((one) => one.appid === about.apps.wechat.appid);
  const all = [...wechat.map((one) => ({ ...one, platform: "wechat" })),
    ...byAlipay.map((one) => ({ ...one, platform: "alipay" }))];
  all.sort((one, other) => (one.sent_at < other.sent_at ? -1 : 1));
  if (told && all.length > told.length) drop(all[all.length - 1]);
  told = all;
  drawIcons(about);
  drawNotices();
  drawWallets(about, wallet);
}

function drawWallets(about, wallet) {
  const names = { wechat: "微信零钱", alipay: "支付宝余额" };
  const mine = Object.keys(names).filter((platform) => about[platform]);
  const amounts = mine.map((platform) => [names[platform], `¥${yuan(wallet[`${platform}_balance_fen`])}`]);
  at("wallets").replaceChildren(...amounts.map(([name, amount]) =>
    h("p", {}, h("span", {}, name), h("b", {}, amount))));
  at("balances").replaceChildren(...amounts.map(([name, amount]) => fact(name, amount)));
}

function tick() {
  const now = new Date(Date.now() + ahead);
  const china = { timeZone: "Asia/Shanghai" };
  at("clock").textContent = now.toLocaleTimeString("zh-CN", { ...china, hour: "2-digit", minute: "2-digit" });
  at("today").textContent = now.toLocaleDateString("zh-CN", { ...china, month: "long", day: "numeric", weekday: "long" });
}

const about = await read("/about");
const ownPage = about.own_pages;
const ahead = Date.parse(about.now) - Date.now();
document.title = `${about.name}的手机 · 沙箱`;
at("owner").textContent = `${about.name}的手机`;
at("card").replaceChildren(fact("姓名", about.name), fact("身份证号", about.id_number), fact("手机号", about.phone));
for (const button of document.querySelectorAll("[data-home]")) button.onclick = goHome;
if (!about.product) at("today").after(h("p", { role: "alert" }, "没有连上掌上办接口：沙箱要用 --product 启动。"));
tick();
setInterval(tick, 10_000);
await look(about);
setInterval(() => look(about).catch(() => undefined), SECONDS_BETWEEN_LOOKS * 1000);
const [platform, page] = location.hash.slice(1).split("/");
if (platform in APPS && about[platform]) open(platform, page);

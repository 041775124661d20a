/* 证照: the wallet, one licence, and its code for a verifier. */

import { api, get } from "./mini-calls.js";
import { LICENCE, action, chip, empty, fact, h, title, when } from "./mini-parts.js";

export async function licencesPage(go) {
  const { items } = await get("/v1/licences");
  return [
    title("我的证照", items.length ? `共 ${items.length} 件` : ""),
    items.length ? items.map((card) => face(card, go)) : empty("还没有电子证照"),
  ];
}

function face(card, go) {
  const number = card.fields.find((field) => field.key === "number");
  return h("button", { class: "card", onclick: () => go("licence", card.id) },
    h("span", { class: "card-head" }, h("b", {}, card.name), chip(LICENCE, card.status)),
    h("span", { class: "card-number" }, card.readable ? (number ? number.value : "") : "暂时无法显示"),
    h("small", {}, card.issuer));
}

export async function licencePage(go, id) {
  const card = await get(`/v1/licences/${id}`);
  const past = await get(`/v1/licences/${id}/verifications?limit=5`);
  const boxes = card.fields.map((field) => h("input", { type: "checkbox", value: field.key, checked: true }));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return [
    title(card.name, card.issuer),
    h("dl", {},
      card.fields.map((field) => fact(field.label, field.value)),
      fact("有效期", `${card.valid_from} 至 ${card.valid_until || "长期"}`),
      h("div", { class: "fact" }, h("dt", {}, "状态"), h("dd", {}, chip(LICENCE, card.status)))),
    card.status === "valid" ? [
      h("h2", {}, "同意出示"),
      h("div", { class: "consents" },
        card.fields.map((field, n) => h("label", {}, boxes[n], field.label))),
      action("亮证", async () => go("code", { id, name: card.name, fields: chosen() })),
    ] : "",
    past.items.length ? h("h2", {}, "核验记录") : "",
    past.items.map((one) => h("div", { class: "line" },
      h("span", { class: "what" }, h("b", {}, one.organisation_name),
        h("small", {}, `${one.purpose} · ${when(one.verified_at)}`)),
      h("span", { class: "how" }, one.fields.join("、")))),
  ];
}

/* A code lives a minute: made anew in time, until somebody scans it or the page is left. */
export async function codePage(go, { id, name, fields }, stays) {
  const picture = h("img", { class: "code", alt: "亮证二维码", width: 264, height: 264 });
  const number = h("p", { class: "fallback" });
  const said = h("p", { class: "note", role: "status" });
  let shown;
  const renew = async () => {
    shown = await api("POST", `/v1/licences/${id}/presentations`, { fields });
    picture.src = shown.picture;
    number.textContent = shown.fallback_no.replace(/(\d{4})(?=\d)/g, "$1 ");
    said.textContent = `每 ${shown.renew_after_seconds} 秒自动更新，只能核验一次`;
  };
  await renew();
  follow().catch((error) => (said.textContent = error.title || error.message));
  return [
    h("section", { class: "shows" },
      h("h1", {}, name), picture,
      h("p", { class: "fallback-label" }, "扫不出时报这串数字"), number, said),
  ];

  async function follow() {
    for (let began = Date.now(); stays(); ) {
      const progress = await get(`/v1/presentations/${shown.id}?wait=5`);
      if (!stays()) return;
      if (progress.state === "verified") return verified(progress);
      if (Date.now() - began < shown.renew_after_seconds * 1000) continue;
      began = Date.now();
      await renew();
    }
  }

  function verified(progress) {
    picture.replaceWith(h("div", { class: "tick big", "aria-hidden": "true" }));
    number.textContent = progress.organisation_name;
    number.previousSibling.textContent = "已核验";
    said.textContent = `核验编号 ${progress.verification_no}`;
  }
}

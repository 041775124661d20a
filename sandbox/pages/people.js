/* The list of people, each a link to the screen of their phone. */

import { h } from "./mini-parts.js";

const read = async (path) => (await fetch(path)).json();

function app(text, tone, there) {
  return h("span", { class: `app ${there ? tone : "none"}` }, text);
}

function line(person) {
  return h("li", {},
    h("a", { href: `/phone/${person.key}/screen` },
      h("b", {}, person.name),
      person.alive ? "" : h("small", {}, "已故"),
      app("微信", "green", person.wechat),
      app("支付宝", "blue", person.alipay)));
}

const people = await read("/phone/people");
document.getElementById("people").replaceChildren(...people.map(line));
const about = await read(`/phone/${people[0].key}/about`);
document.getElementById("missing").hidden = Boolean(about.product);

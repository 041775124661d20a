/* What the platforms draw over a mini-program: pay sheets, payouts, and the question about messages. */

const yuan = (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;

const KINDS = {
  "wechat-pay": { brand: "微信支付", tone: "green", confirm: "确认支付", cancel: "关闭" },
  "alipay-pay": { brand: "支付宝", tone: "blue", confirm: "确认付款", cancel: "关闭" },
  "wechat-transfer": { brand: "微信收款", tone: "green", confirm: "确认收款", cancel: "暂不收款" },
  "wechat-subscribe": { brand: "微信", tone: "green", confirm: "允许", cancel: "取消" },
  "alipay-subscribe": { brand: "支付宝", tone: "blue", confirm: "同意", cancel: "取消" },
};

/* Draw it over the page; "confirm" or "cancel", as it was tapped. */
export function ask(shown) {
  if (shown.kind === "toast") return toast(shown.title);
  const kind = KINDS[shown.kind];
  return new Promise((resolve) => {
    const host = document.body.appendChild(document.createElement("div"));
    const root = host.attachShadow({ mode: "open" });
    const style = piece("link");
    style.rel = "stylesheet";
    style.href = new URL("sheets.css", import.meta.url).href;
    const end = (answer) => {
      host.remove();
      resolve(answer);
    };
    const sheet = piece("section", `sheet ${kind.tone}`);
    sheet.setAttribute("role", "dialog");
    sheet.setAttribute("aria-label", kind.brand);
    sheet.append(...(shown.templates ? question(shown, kind) : amount(shown, kind)));
    sheet.append(buttons(kind, end));
    const shade = piece("div", "shade");
    shade.append(sheet);
    root.append(style, shade);
  });
}

/* A word that stands there for a moment and waits for nobody. */
async function toast(title) {
  const host = document.body.appendChild(document.createElement("div"));
  const root = host.attachShadow({ mode: "open" });
  const style = piece("link");
  style.rel = "stylesheet";
  style.href = new URL("sheets.css", import.meta.url).href;
  root.append(style, piece("p", "toast", title));
  setTimeout(() => host.remove(), 1800);
}

function amount(shown, kind) {
  const receives = shown.kind === "wechat-transfer";
  const sum = piece("p", "sum");
  sum.append(piece("small", "", "¥"), yuan(shown.amount_fen));
  const parts = [piece("p", "brand", kind.brand)];
  if (shown.payee) parts.push(piece("p", "payee", shown.payee));
  parts.push(sum, row(receives ? "款项" : "商品", shown.title));
  parts.push(row(receives ? "收款方式" : "付款方式", receives ? "零钱" : payingFrom(shown.kind)));
  return parts;
}

const payingFrom = (kind) => (kind === "alipay-pay" ? "账户余额" : "零钱");

function question(shown, kind) {
  const list = piece("ul", "templates");
  list.append(...shown.templates.map((one) => {
    const line = piece("li");
    line.append(piece("b", "", one.title));
    line.append(piece("small", "", one.kind === "one_time" ? "允许发一次" : "长期有效"));
    return line;
  }));
  return [piece("p", "brand", "掌上办 申请"), piece("h2", "", "向您发送以下消息"), list];
}

function buttons(kind, end) {
  const yes = piece("button", "yes", kind.confirm);
  const no = piece("button", "no", kind.cancel);
  yes.onclick = () => end("confirm");
  no.onclick = () => end("cancel");
  const line = piece("div", "buttons");
  line.append(no, yes);
  return line;
}

function row(name, value) {
  const line = piece("p", "row");
  line.append(piece("span", "", name), piece("b", "", value));
  return line;
}

function piece(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  return made;
}

/* The keyboard's suggestions: an empty field for the owner's name or card number fills when touched. */
export function fillFromOwner(phone) {
  document.addEventListener("focusin", async ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.value) return;
    const asked = { name: "name", tel: "phone" }[target.autocomplete] || target.dataset.owner;
    const owner = asked && (await phone.about());
    if (!owner || target.value || !owner[asked]) return;
    target.value = owner[asked];
    target.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

/* `wx` and `my` as a page of a mini-program knows them, played by the phone of one resident of the
   sandbox. What each function does is in docs/zh/phone.md.

     <script src="/pages/shim.js"></script>        (?person=…&platform=wechat|alipay)
*/
(function (root) {
  "use strict";

  const PREFIX = "/mini";

  /* A phone: `origin` of the sandbox, `person`'s key, and how it calls, keeps and asks. */
  function phoneOf(given) {
    const base = `${given.origin}/phone/${encodeURIComponent(given.person)}`;
    let about;

    async function call(path, body) {
      const what = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      const headers = { "Content-Type": "application/json" };
      const answer = await given.fetch(`${base}${path}`, { ...what, headers });
      return { ok: answer.status < 400, status: answer.status, body: await answer.json() };
    }

    return {
      ...given,
      call,
      async about() {
        about = about || call("/about");
        return (await about).body;
      },
      async appid() {
        return (await this.about()).apps[given.platform].appid;
      },
      async sheet(name, value) {
        const found = await call(`/sheet?${name}=${encodeURIComponent(value)}`);
        if (found.status === 404) return null;
        if (!found.ok) throw { errMsg: "the phone is out of order", error: 4, errorMessage: "手机出错" };
        return found.body;
      },
      /* The product's own addresses are asked through the sandbox: a web page may not ask them. */
      async address(url) {
        const { product } = await this.about();
        if (product && (url === product || url.startsWith(`${product}/`))) {
          return `${given.origin}${PREFIX}${url.slice(product.length)}`;
        }
        return url.startsWith("/") ? `${given.origin}${PREFIX}${url}` : url;
      },
    };
  }

  /* Calls back as the platforms do: success or fail, then complete. Without any it is a promise. */
  function told(options, work) {
    const calls = options || {};
    const told = work().then(
      (result) => {
        if (calls.success) calls.success(result);
        if (calls.complete) calls.complete(result);
        return result;
      },
      (error) => {
        if (calls.fail) calls.fail(error);
        if (calls.complete) calls.complete(error);
        throw error;
      },
    );
    if (calls.success || calls.fail || calls.complete) return void told.catch(() => undefined);
    return told;
  }

  function storageOf(phone) {
    const prefix = `zhangban/${phone.person}/${phone.platform}/`;
    return {
      get(key) {
        const kept = phone.storage.getItem(prefix + key);
        return kept === null || kept === undefined ? undefined : JSON.parse(kept);
      },
      set: (key, data) => phone.storage.setItem(prefix + key, JSON.stringify(data)),
      remove: (key) => phone.storage.removeItem(prefix + key),
    };
  }

  /* One HTTP call, ended early by abort() or by its time; `failed` names how in each dialect. */
  function exchange(phone, options, headers, failed, answered) {
    const abort = new phone.AbortController();
    let why = "unreachable";
    const end = (reason) => {
      why = reason;
      abort.abort();
    };
    const timer = setTimeout(() => end("timeout"), options.timeout || 60000);
    const work = async () => {
      const method = (options.method || "GET").toUpperCase();
      let query = "";
      let body = options.data;
      if (body && typeof body === "object" && method === "GET") {
        const pairs = Object.entries(body).map((pair) => pair.map(encodeURIComponent).join("="));
        if (pairs.length) query = (options.url.includes("?") ? "&" : "?") + pairs.join("&");
      } else if (body && typeof body === "object") body = JSON.stringify(body);
      const sent = { method, headers: { "Content-Type": "application/json", ...headers } };
      if (method !== "GET" && body !== undefined) sent.body = body;
      let answer, text;
      try {
        const url = (await phone.address(options.url)) + query;
        if (why !== "unreachable") throw new Error(why);
        answer = await phone.fetch(url, { ...sent, signal: abort.signal });
        text = await answer.text();
      } catch (error) {
        throw failed(why);
      } finally {
        clearTimeout(timer);
      }
      const read = {};
      answer.headers.forEach((value, name) => (read[name] = value));
      return answered(answer.status, read, text);
    };
    const done = told(options, work);
    if (done) done.catch(() => undefined);
    return { abort: () => end("abort") };
  }

  function parsed(text, wanted) {
    if (wanted !== undefined && wanted.toLowerCase() !== "json") return text;
    try {
      return JSON.parse(text);
    } catch (error) {
      return text;
    }
  }

  function makeWx(phone) {
    const kept = storageOf(phone);
    const failed = (name, why, more) => ({ errMsg: `${name}:fail ${why}`, ...more });

    async function post(name, path, body) {
      const { ok, body: said } = await phone.call(path, body);
      if (!ok) throw failed(name, said.errMsg, { errCode: said.errCode });
      return said;
    }

    /* A sheet with an amount: shown, tapped, and only then done. What nobody can pay is refused. */
    async function sheet(name, shown, path, body) {
      if (shown && (await phone.ask(shown)) !== "confirm") throw failed(name, "cancel");
      const said = await post(name, path, body);
      if (said.errMsg !== `${name}:ok`) throw said;
      return said;
    }

    return {
      login: (options) =>
        told(options, async () => {
          const appid = await phone.appid();
          const { code } = await post("login", "/wechat/login-code", { appid });
          return { code, errMsg: "login:ok" };
        }),
      request: (options) =>
        exchange(
          phone,
          options,
          options.header,
          (why) => failed("request", why),
          (statusCode, header, text) => {
            const data = parsed(text, options.dataType);
            return { statusCode, header, data, cookies: [], errMsg: "request:ok" };
          },
        ),
      requestPayment: (options) =>
        told(options, async () => {
          const { timeStamp, nonceStr, package: prepaid, signType, paySign } = options;
          const appId = await phone.appid();
          const id = String(prepaid).replace(/^prepay_id=/, "");
          const found = await phone.sheet("prepay_id", id);
          const shown = found && { kind: "wechat-pay", ...found };
          const body = { appId, timeStamp, nonceStr, package: prepaid, signType, paySign };
          return sheet("requestPayment", shown, "/wechat/pay", body);
        }),
      requestMerchantTransfer: (options) =>
        told(options, async () => {
          const { mchId, package: bill } = options;
          const appId = options.appId || (await phone.appid());
          const found = await phone.sheet("package_info", bill);
          const shown = found && { kind: "wechat-transfer", ...found };
          const body = { mchId, appId, package: bill };
          return sheet("requestMerchantTransfer", shown, "/wechat/confirm-transfer", body);
        }),
      requestSubscribeMessage: (options) =>
        told(options, async () => {
          const template_ids = options.tmplIds;
          const { apps } = await phone.about();
          const templates = apps.wechat.templates.filter((one) => template_ids.includes(one.id));
          const tapped = await phone.ask({ kind: "wechat-subscribe", templates });
          const answer = tapped === "confirm" ? "accept" : "reject";
          const asked = { appid: apps.wechat.appid, template_ids, answer };
          const { ok, body } = await phone.call("/wechat/subscribe", asked);
          if (!ok) throw { errMsg: body.errMsg, errCode: body.errCode };
          return { errMsg: "requestSubscribeMessage:ok", ...body };
        }),
      getStorageSync: (key) => (kept.get(key) === undefined ? "" : kept.get(key)),
      setStorageSync: (key, data) => kept.set(key, data),
      removeStorageSync: (key) => kept.remove(key),
      showToast: (options) =>
        told(options, async () => {
          await phone.ask({ kind: "toast", title: options.title });
          return { errMsg: "showToast:ok" };
        }),
      canIUse: (name) => name in root.wx,
    };
  }

  function makeMy(phone) {
    const kept = storageOf(phone);
    const ERRORS = { timeout: 13, unreachable: 12, abort: 9 };
    const refused = (said) => ({ error: said.errCode || 11, errorMessage: said.errMsg });

    async function post(path, body) {
      const { ok, body: said } = await phone.call(path, body);
      if (!ok) throw refused(said);
      return said;
    }

    return {
      getAuthCode: (options) =>
        told(options, async () => {
          const scopes = [].concat((options && options.scopes) || "auth_base");
          const asked = { app_id: await phone.appid(), scopes };
          const { authCode } = await post("/alipay/auth-code", asked);
          return { authCode, authSuccessScopes: scopes, authErrorScopes: {} };
        }),
      request: (options) =>
        exchange(
          phone,
          options,
          options.headers,
          (why) => ({ error: ERRORS[why], errorMessage: why }),
          (status, headers, text) => {
            const answer = { status, headers, data: parsed(text, options.dataType) };
            if (status >= 400) throw { ...answer, error: 19, errorMessage: "HTTP 错误" };
            return answer;
          },
        ),
      tradePay: (options) =>
        told(options, async () => {
          const found = await phone.sheet("trade_no", options.tradeNO);
          const tapped = found && (await phone.ask({ kind: "alipay-pay", ...found }));
          const answer = found && tapped !== "confirm" ? "cancel" : "pay";
          return post("/alipay/pay", { tradeNO: options.tradeNO, answer });
        }),
      getPhoneNumber: (options) =>
        told(options, async () => post("/alipay/phone-number", { app_id: await phone.appid() })),
      requestSubscribeMessage: (options) =>
        told(options, async () => {
          const { apps } = await phone.about();
          const template_ids = options.entityIds;
          const templates = apps.alipay.templates.filter((one) => template_ids.includes(one.id));
          const tapped = await phone.ask({ kind: "alipay-subscribe", templates });
          const answer = tapped === "confirm" ? "accept" : "reject";
          const asked = { app_id: apps.alipay.appid, template_ids, answer };
          const said = await post("/alipay/subscribe", asked);
          if (!said.success) throw { error: said.error, errorMessage: "订阅失败" };
          return said;
        }),
      getStorageSync: ({ key }) => ({ data: kept.get(key) === undefined ? null : kept.get(key) }),
      setStorageSync: ({ key, data }) => ({ success: true, key: kept.set(key, data) && key }),
      removeStorageSync: ({ key }) => ({ success: true, key: kept.remove(key) && key }),
      showToast: (options) =>
        told(options, async () => {
          await phone.ask({ kind: "toast", title: options.content });
          return { success: true };
        }),
      canIUse: (name) => name.split(".")[0] in root.my,
    };
  }

  /* Puts `wx` or `my` where pages look for it, whichever the platform has. */
  function install(given) {
    const phone = phoneOf(given);
    if (phone.platform === "alipay") root.my = makeMy(phone);
    else root.wx = makeWx(phone);
    return phone;
  }

  root.ZhangbanPhone = { install };
  if (typeof document === "undefined") return;

  const script = document.currentScript;
  const query = new URLSearchParams(location.search);
  const place = new URL(script.src);
  const drawn = import(new URL("sheets.js", place).href);
  const phone = install({
    origin: place.origin,
    person: query.get("person") || script.dataset.person || "wang-guilan",
    platform: query.get("platform") || script.dataset.platform || "wechat",
    fetch: root.fetch.bind(root),
    storage: root.localStorage,
    AbortController: root.AbortController,
    ask: async (shown) => (await drawn).ask(shown),
  });
  drawn.then((sheets) => sheets.fillFromOwner(phone));
})(globalThis);

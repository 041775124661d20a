/* Everything the page asks of its platform and of the product, by `wx` or by `my` alone. */

export const onAlipay = new URLSearchParams(location.search).get("platform") === "alipay";
export const platform = onAlipay ? "alipay" : "wechat";
const KEPT = "tokens";

const promised = (work) => new Promise((resolve, reject) => work({ success: resolve, fail: reject }));

function send(method, path, body, token) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const asked = { url: path, method, data: body, timeout: 40_000 };
  if (onAlipay) {
    return promised((told) => my.request({ ...asked, headers, ...told })).catch((error) => {
      if (error.status) return error;
      throw error;
    });
  }
  return promised((told) => wx.request({ ...asked, header: headers, ...told })).then((answer) => ({
    status: answer.statusCode,
    data: answer.data,
  }));
}

async function asked(method, path, body, token) {
  const answer = await send(method, path, body, token);
  if (answer.status >= 400) throw Object.assign(new Error(answer.data.title), answer.data);
  return answer.data;
}

export const keep = (tokens) =>
  onAlipay ? my.setStorageSync({ key: KEPT, data: tokens }) : wx.setStorageSync(KEPT, tokens);

export const kept = () => (onAlipay ? my.getStorageSync({ key: KEPT }).data : wx.getStorageSync(KEPT)) || null;

export const forget = () => (onAlipay ? my.removeStorageSync({ key: KEPT }) : wx.removeStorageSync(KEPT));

/* One tap: the platform's code for our tokens. */
export async function logIn() {
  const got = await promised((told) =>
    onAlipay ? my.getAuthCode({ scopes: ["auth_base"], ...told }) : wx.login(told),
  );
  const code = onAlipay ? got.authCode : got.code;
  keep(await asked("POST", "/v1/sessions", { provider: platform, code }));
}

let renewing = null;

/* New tokens for the kept ones: once, however many calls found that they have run out. */
async function renew() {
  const renewal = { refresh_token: kept().refresh_token };
  renewing = renewing || asked("POST", "/v1/sessions/refresh", renewal).then(keep).finally(() => (renewing = null));
  await renewing;
}

/* Ask the product as who is signed in. Throws the problem it answers with: title, code, status. */
export async function api(method, path, body) {
  const tokens = kept();
  try {
    return await asked(method, path, body, tokens && tokens.access_token);
  } catch (error) {
    if (error.status !== 401 || !tokens) throw error;
    await renew();
    return asked(method, path, body, kept().access_token);
  }
}

export const get = (path) => api("GET", path);

export async function logOut() {
  await api("DELETE", "/v1/sessions/current");
  forget();
}

/* The pay sheet; what it says is not believed, the order is asked. False when it was closed. */
export async function showPaySheet(parameters) {
  if (onAlipay) {
    const { resultCode } = await promised((told) => my.tradePay({ ...parameters, ...told }));
    if (resultCode === "4000") throw new Error("支付宝没有付款，请看余额或重试");
    return resultCode !== "6001";
  }
  try {
    await promised((told) => wx.requestPayment({ ...parameters, ...told }));
    return true;
  } catch (error) {
    if (/cancel/.test(error.errMsg)) return false;
    throw error;
  }
}

export async function takeTransfer(confirmation) {
  try {
    await promised((told) => wx.requestMerchantTransfer({ ...confirmation, ...told }));
    return true;
  } catch (error) {
    if (/cancel/.test(error.errMsg)) return false;
    throw error;
  }
}

/* Ask for messages of one kind of template, three at once, and report what was tapped. */
export async function askForMessages(templates) {
  const ids = templates.slice(0, 3).map((one) => one.template_id);
  const answers = onAlipay ? await askOnAlipay(ids) : await askOnWechat(ids);
  for (const template_id of ids) {
    await api("POST", "/v1/subscriptions", { template_id, answer: answers(template_id) });
  }
}

async function askOnWechat(tmplIds) {
  const said = await promised((told) => wx.requestSubscribeMessage({ tmplIds, ...told }));
  return (id) => said[id];
}

async function askOnAlipay(entityIds) {
  const { result } = await promised((told) => my.requestSubscribeMessage({ entityIds, ...told }));
  return (id) => (result.subscribedEntityIds.includes(id) ? "accept" : "reject");
}

/** Against the served product and its sandbox: `ZHANGBAN_STAGE` says where, and who plays. */

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import {
  Cancellation,
  Cancelled,
  Client,
  fetchTransport,
  logIn,
  myPhone,
  myStorage,
  myTransport,
  newId,
  payFee,
  preparePayment,
  Problem,
  sandboxPhone,
  waitForScan,
  wxPhone,
  wxStorage,
  wxTransport,
  type FeeOrder,
  type Phone,
} from "../src/index";
import { myOf, stage, wxOf, type Resident, type Stage } from "./outside";
import { Watched } from "./watched";

const on = stage();

describe("the served product", { skip: on === undefined ? "nothing is served" : false }, () => {
  if (on === undefined) return;
  const [old, other, third] = on.residents as [Resident, Resident, Resident];

  describe("in WeChat", () => {
    const { client, phone, sent } = inWechat(on, old);
    before(() => enter(client, phone, old));

    it("knows who is signed in", async () => {
      const me = await client.get("/v1/me");

      assert.equal(me.name, "王*兰");
    });

    it("lists what is owed and takes the payment", async () => {
      const fee = await openFee(client);

      const { paid, order, sheet } = await payFee(client, phone, fee.order_no);

      assert.deepEqual([sheet, paid, order.status], ["done", true, "paid"]);
      const path = { order_no: fee.order_no };
      const receipt = await client.get("/v1/fee-orders/{order_no}/receipt", { path });
      assert.equal(receipt.amount_fen, fee.amount_fen);
      const again = await preparePayment(client, "wechat", fee.order_no).catch((error: unknown) => error);
      assert.ok(again instanceof Problem);
      assert.equal(again.code, "payments.order_not_open");
      assert.match(again.plain, /[一-鿿]/);
      assert.notEqual(again.traceId, "");
    });

    it("prepares a payment once although the answer was lost and it was asked again", async () => {
      const fee = await openFee(client);
      const clientId = newId();
      sent.loseNext((request) => request.method === "PUT");

      const first = await preparePayment(client, "wechat", fee.order_no, { clientId });
      const second = await preparePayment(client, "wechat", fee.order_no, { clientId });

      assert.equal(sent.lost, 1);
      assert.deepEqual(second.parameters, first.parameters);
    });

    it("says politely that nothing has changed", async () => {
      const fee = await openFee(client);
      const given = { path: { order_no: fee.order_no }, until: (order: FeeOrder) => order.status !== "open" };

      const { done, answer } = await client.poll("/v1/fee-orders/{order_no}", { ...given, forMs: 2000 });

      assert.deepEqual([done, answer.status], [false, "open"]);
    });

    it("stops waiting when the page is left", async () => {
      const fee = await openFee(client);
      const cancellation = new Cancellation();
      const path = { order_no: fee.order_no };
      const waiting = client.poll("/v1/fee-orders/{order_no}", { path, until: () => false, cancellation });
      setTimeout(() => cancellation.cancel(), 300);

      await assert.rejects(waiting, Cancelled);
    });

    it("replaces a token that it does not take any more, once for all who ask", async () => {
      const tokens = await client.signedIn();
      assert.ok(tokens);
      await client.keep({ ...tokens, access_token: "x.y.z" });
      const earlier = sent.count("/v1/sessions/refresh");

      await Promise.all(Array.from({ length: 5 }, () => client.get("/v1/home")));

      assert.equal(sent.count("/v1/sessions/refresh") - earlier, 1);
      assert.notEqual((await client.signedIn())?.refresh_token, tokens.refresh_token);
    });

    it("finds nothing that is somebody else's", async () => {
      const path = { order_no: "F20261122NOBODYS0000" };
      const error = await client.get("/v1/fee-orders/{order_no}", { path }).catch((caught: unknown) => caught);

      assert.ok(error instanceof Problem);
      assert.deepEqual([error.status, error.code], [404, "payments.order_not_found"]);
    });

    it("says why somebody gets a benefit or does not", async () => {
      const { items } = await client.get("/v1/policies");
      const [policy] = items;
      assert.ok(policy);

      const decision = await client.get("/v1/policies/{code}/decision", { path: { code: policy.code } });

      assert.ok(decision.explanation);
    });

    it("shows a licence to a verifier who scans it once", async () => {
      const wallet = await client.get("/v1/licences");
      const card = wallet.items.find((item) => item.licence_type === "elder-card");
      assert.ok(card);
      const path = { licence_id: card.id };
      const shown = await client.post("/v1/licences/{licence_id}/presentations", { path, body: { fields: ["name"] } });
      const scan = waitForScan(client, shown.id);

      const gate = await verifier(on);
      const body = { code: shown.code, request_id: `gate-${newId()}` };
      const verified = await gate.post("/agency/v1/verifications", { body, safe: true });

      assert.equal(verified.outcome, "valid");
      assert.equal((await scan).state, "verified");
    });
  });

  describe("in Alipay", () => {
    const my = myOf(on, other);
    const phone = myPhone(my);
    const client = new Client({ baseUrl: on.address, transport: myTransport(my), storage: myStorage(my) });
    before(() => enter(client, phone, other));

    it("takes the payment there", async () => {
      const fee = await openFee(client);

      const { paid, order } = await payFee(client, phone, fee.order_no);

      assert.deepEqual([paid, order.provider], [true, "alipay"]);
    });

    it("is refused readably there too", async () => {
      const error = await client
        .get("/v1/fee-orders/{order_no}", { path: { order_no: "F0" } })
        .catch((caught: unknown) => caught);

      assert.ok(error instanceof Problem);
      assert.equal(error.code, "payments.order_not_found");
    });
  });

  describe("from a simulator, with the sandbox's hand", () => {
    const hands = [["wechat", on.wechat_appid, other], ["alipay", on.alipay_app_id, third]] as const;
    for (const [provider, appid, resident] of hands) {
      it(`signs in and pays by ${provider}`, async () => {
        const transport = fetchTransport(fetch as never);
        const client = new Client({ baseUrl: on.address, transport });
        const phone = sandboxPhone(transport, { sandbox: on.sandbox, resident: resident.key, provider, appid });
        await enter(client, phone, resident);
        const fee = await openFee(client);

        const { paid, sheet } = await payFee(client, phone, fee.order_no);

        assert.deepEqual([sheet, paid], ["done", true]);
      });
    }
  });

  describe("for who is not signed in", () => {
    it("refuses, and tells the page when a sign-in is over", async () => {
      let told = 0;
      const { client, phone } = inWechat(on, old, () => (told += 1));
      await assert.rejects(client.get("/v1/me"), (error: unknown) => error instanceof Problem && error.status === 401);
      await logIn(client, phone);
      const tokens = await client.signedIn();
      await client.signOut();
      assert.ok(tokens);
      await client.keep(tokens);

      await assert.rejects(client.get("/v1/me"), Problem);

      assert.equal(told, 1);
      assert.equal(await client.signedIn(), undefined);
    });
  });
});

/** Signed in and known by name, as the first opening of the mini-program leads to. */
async function enter(client: Client, phone: Phone, resident: Resident): Promise<void> {
  await logIn(client, phone);
  if ((await client.get("/v1/me")).level < 2) {
    const { name, id_number } = resident;
    await client.put("/v1/me/real-name", { body: { name, id_number } });
  }
}

async function openFee(client: Client): Promise<FeeOrder> {
  const [fee] = await client.all("/v1/fee-orders", { query: { status: "open" } });
  assert.ok(fee, "nothing is owed");
  return fee;
}

async function verifier(given: Stage): Promise<Client> {
  const transport = fetchTransport(fetch as never);
  const client = new Client({ baseUrl: given.address, transport, audience: "verifier" });
  await client.keep(await client.post("/agency/v1/sessions", { body: given.verifier }));
  return client;
}

function inWechat(given: Stage, resident: Resident, onSignedOut?: () => void) {
  const wx = wxOf(given, resident);
  const watched = new Watched(wxTransport(wx));
  const client = new Client({
    baseUrl: given.address,
    transport: watched.transport,
    storage: wxStorage(wx),
    ...(onSignedOut ? { onSignedOut } : {}),
  });
  return { client, phone: wxPhone(wx), sent: watched };
}

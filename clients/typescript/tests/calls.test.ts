import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Cancellation, Cancelled, NetworkFailed, Problem } from "../src/index";
import { answer, lost, refusal, scripted, signedIn } from "./scripted";

const ORDER = { order_no: "F1", status: "open" };
const PAYMENT = "/v1/fee-orders/{order_no}/payments/{client_id}";
const PAY = { path: { order_no: "F1", client_id: "c-1" }, body: { channel: "wechat" } } as const;

describe("what is sent", () => {
  it("is an address out of its parts, without what is not there", async () => {
    const { client, sent } = scripted([answer({ items: [], next_cursor: null })]);

    await client.get("/v1/fee-orders", { query: { status: "open", cursor: null, limit: 5 } });

    assert.equal(sent[0]?.url, "https://zb.test/v1/fee-orders?status=open&limit=5");
  });

  it("is escaped", async () => {
    const { client, sent } = scripted([answer(ORDER)]);

    await client.get("/v1/fee-orders/{order_no}", { path: { order_no: "缴/费?" } });

    assert.equal(sent[0]?.url, "https://zb.test/v1/fee-orders/%E7%BC%B4%2F%E8%B4%B9%3F");
  });

  it("carries the token once somebody is signed in, but not to the sign-in", async () => {
    const { client, sent } = scripted([answer(signedIn("1"), 201), answer({}), answer(signedIn("2"), 201)]);

    await client.signIn("wechat", "code-1");
    await client.get("/v1/me");
    await client.signIn("wechat", "code-2");

    assert.deepEqual(
      sent.map((request) => request.headers["authorization"]),
      [undefined, "Bearer access-1", undefined],
    );
  });
});

describe("a refusal", () => {
  it("is an error with everything a page needs", async () => {
    const body = { status: 403, code: "identity.real_name_required", title: "请先完成实名认证", trace_id: "t-9" };
    const { client } = scripted([answer({ ...body, details: { step: "real_name" } }, 403)]);

    const error = await client.get("/v1/licences").catch((caught: unknown) => caught);

    assert.ok(error instanceof Problem);
    assert.deepEqual(
      [error.status, error.code, error.title, error.plain, error.traceId, error.details["step"]],
      [403, body.code, body.title, body.title, "t-9", "real_name"],
    );
  });

  it("can be read even when a proxy has written it", async () => {
    const { client } = scripted([answer("<html>", 500, { "x-request-id": "t-3" })]);

    const error = await client.get("/v1/me").catch((caught: unknown) => caught);

    assert.ok(error instanceof Problem);
    assert.deepEqual([error.code, error.traceId], ["http.500", "t-3"]);
  });
});

describe("sending again", () => {
  it("is done for a GET whose answer was lost", async () => {
    const { client, sent } = scripted([lost(), lost(), answer(ORDER)]);

    await client.get("/v1/fee-orders/{order_no}", { path: { order_no: "F1" } });

    assert.equal(sent.length, 3);
  });

  it("is done for a PUT under a client's own id, with the very same content", async () => {
    const { client, sent } = scripted([lost(), answer({ client_id: "c-1" })]);

    await client.put(PAYMENT, PAY);

    assert.deepEqual(sent[0], sent[1]);
  });

  it("waits as long as the service says", async () => {
    const { client, waited } = scripted([
      refusal(503, "web.unavailable", { "retry-after": "5" }),
      refusal(429, "web.too_many_requests", { "retry-after": "2" }),
      answer({}),
    ]);

    await client.get("/v1/me");

    assert.deepEqual(waited, [5000, 2000]);
  });

  it("is done while a proxy waits for the service behind it", async () => {
    const { client, sent } = scripted([answer("<html>", 502), answer("<html>", 504), answer({})]);

    await client.get("/v1/me");

    assert.equal(sent.length, 3);
  });

  it("ends when the service asks for more patience than there is", async () => {
    const { client, sent } = scripted([refusal(429, "web.too_many_requests", { "retry-after": "3600" })]);

    const error = await client.get("/v1/me").catch((caught: unknown) => caught);

    assert.ok(error instanceof Problem);
    assert.deepEqual([error.retryAfter, sent.length], [3600, 1]);
  });

  it("ends after four tries", async () => {
    const { client, sent } = scripted([lost(), lost(), lost(), lost()]);

    await assert.rejects(client.get("/v1/me"), NetworkFailed);

    assert.equal(sent.length, 4);
  });

  it("is never done for a POST", async () => {
    const { client, sent } = scripted([lost()]);

    await assert.rejects(client.post("/v1/subscriptions", { body: { template_id: "t", answer: "accept" } }), NetworkFailed);

    assert.equal(sent.length, 1);
  });

  it("is done for a POST that is marked safe", async () => {
    const { client, sent } = scripted([lost(), answer({}, 201)]);

    await client.post("/agency/v1/verifications", { body: { code: "1", request_id: "gate-0001" }, safe: true });

    assert.equal(sent.length, 2);
  });

  it("is not done for a PUT that carries a one-time proof", async () => {
    const { client, sent } = scripted([lost()]);

    await assert.rejects(client.put("/v1/me/phone", { body: { proof: "once" } }), NetworkFailed);

    assert.equal(sent.length, 1);
  });

  it("is not done for what was refused for good", async () => {
    const { client, sent } = scripted([refusal(409, "payments.order_not_open")]);

    await assert.rejects(client.put(PAYMENT, PAY), Problem);

    assert.equal(sent.length, 1);
  });
});

describe("calling off", () => {
  it("sends nothing when it came before", async () => {
    const { client, sent } = scripted([]);
    const cancellation = new Cancellation();
    cancellation.cancel();

    await assert.rejects(client.get("/v1/me", { cancellation }), Cancelled);

    assert.equal(sent.length, 0);
  });

  it("ends the waiting between two tries", async () => {
    const { pause } = await import("../src/runtime");
    const { client } = scripted([lost(), answer({})], { pause, now: Date.now });
    const cancellation = new Cancellation();
    const call = client.get("/v1/me", { cancellation });
    setTimeout(() => cancellation.cancel(), 20);

    await assert.rejects(call, Cancelled);
  });
});

describe("pages", () => {
  it("are read one after the other until there is no next", async () => {
    const { client, sent } = scripted([
      answer({ items: [1, 2], next_cursor: "n" }),
      answer({ items: [3], next_cursor: null }),
    ]);

    const items: unknown[] = await client.all("/v1/messages", {});

    assert.deepEqual(items, [1, 2, 3]);
    assert.equal(sent[1]?.url, "https://zb.test/v1/messages?cursor=n");
  });
});

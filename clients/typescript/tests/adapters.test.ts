import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  Cancellation,
  Cancelled,
  fetchTransport,
  myStorage,
  myTransport,
  NetworkFailed,
  newId,
  wxStorage,
  wxTransport,
  type MyRequest,
  type WxRequest,
} from "../src/index";

const GET = { method: "GET", url: "https://zb.test/v1/me", headers: {}, timeoutMs: 1000 } as const;

function wx(act: (options: Parameters<WxRequest["request"]>[0]) => void, abort = (): void => undefined): WxRequest {
  return {
    request: (options) => {
      setTimeout(() => act(options), 0);
      return { abort };
    },
  };
}

function my(act: (options: Parameters<MyRequest["request"]>[0]) => void): MyRequest {
  return { request: (options) => void setTimeout(() => act(options), 0) };
}

describe("wx.request", () => {
  it("gives status, headers in lower case and JSON", async () => {
    const transport = wxTransport(
      wx(({ success }) => success({ statusCode: 403, data: '{"code":"x"}', header: { "Retry-After": 5 } })),
    );

    assert.deepEqual(await transport(GET), { status: 403, headers: { "retry-after": "5" }, body: { code: "x" } });
  });

  it("sends no data with a GET and JSON text with a PUT", async () => {
    const seen: unknown[] = [];
    const transport = wxTransport(
      wx((options) => {
        seen.push("data" in options ? options.data : "none");
        options.success({ statusCode: 204, data: "" });
      }),
    );

    await transport(GET);
    await transport({ ...GET, method: "PUT", body: '{"a":1}' });

    assert.deepEqual(seen, ["none", '{"a":1}']);
  });

  for (const [errMsg, kind] of [
    ["request:fail timeout", "timeout"],
    ["request:fail errcode:-118 cronet_error_code:-118 error_msg:net::ERR_CONNECTION_TIMED_OUT", "timeout"],
    ["request:fail interrupted", "unreachable"],
  ] as const) {
    it(`fails as ${kind}: ${errMsg.slice(0, 24)}`, async () => {
      const transport = wxTransport(wx(({ fail }) => fail({ errMsg })));

      await assert.rejects(transport(GET), (error: unknown) => error instanceof NetworkFailed && error.kind === kind);
    });
  }

  it("may answer before it returns, as imitations of it do", async () => {
    const transport = wxTransport({ request: ({ success }) => success({ statusCode: 204, data: "" }) });

    assert.equal((await transport(GET)).status, 204);
  });

  it("is aborted when the page calls off", async () => {
    let aborted = 0;
    const transport = wxTransport(wx(() => undefined, () => (aborted += 1)));
    const cancellation = new Cancellation();
    const call = transport(GET, cancellation);

    cancellation.cancel();

    await assert.rejects(call, Cancelled);
    assert.equal(aborted, 1);
  });
});

describe("my.request", () => {
  it("gives an answer of 400 and more as an answer, though Alipay calls it a failure", async () => {
    const transport = myTransport(
      my(({ fail }) => fail({ error: 19, status: 409, data: '{"code":"x"}', headers: { "X-Request-ID": "t" } })),
    );

    assert.deepEqual(await transport(GET), { status: 409, headers: { "x-request-id": "t" }, body: { code: "x" } });
  });

  it("takes JSON that Alipay has read already", async () => {
    const transport = myTransport(my(({ success }) => success({ status: 200, data: { a: 1 }, headers: {} })));

    assert.deepEqual((await transport(GET)).body, { a: 1 });
  });

  for (const [error, kind] of [
    [13, "timeout"],
    [12, "unreachable"],
  ] as const) {
    it(`fails as ${kind} on ${error}`, async () => {
      const transport = myTransport(my(({ fail }) => fail({ error, errorMessage: "…" })));

      await assert.rejects(transport(GET), (caught: unknown) => caught instanceof NetworkFailed && caught.kind === kind);
    });
  }
});

describe("fetch", () => {
  it("fails as unreachable where nobody listens", async () => {
    const transport = fetchTransport(fetch as never);

    await assert.rejects(
      transport({ ...GET, url: "http://127.0.0.1:9/v1/me" }),
      (error: unknown) => error instanceof NetworkFailed && error.kind === "unreachable",
    );
  });
});

describe("storage", () => {
  it("of WeChat says an empty text where nothing is kept", () => {
    const storage = wxStorage({ getStorageSync: () => "", setStorageSync: () => undefined, removeStorageSync: () => undefined });

    assert.equal(storage.get("k"), undefined);
  });

  it("of Alipay keeps under a key", () => {
    const kept: Record<string, string> = {};
    const storage = myStorage({
      getStorageSync: ({ key }) => ({ data: kept[key] ?? null }),
      setStorageSync: ({ key, data }) => (kept[key] = data),
      removeStorageSync: ({ key }) => delete kept[key],
    });

    void storage.set("k", "v");

    assert.equal(storage.get("k"), "v");
    void storage.remove("k");
    assert.equal(storage.get("k"), undefined);
  });
});

describe("ids", () => {
  it("are UUIDs of version 7 in the order of time, and all different", () => {
    const ids = Array.from({ length: 1000 }, (_, index) => newId(1_763_000_000_000 + index));

    assert.ok(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)));
    assert.deepEqual([...ids].sort(), ids);
    assert.equal(new Set(Array.from({ length: 1000 }, () => newId(0))).size, 1000);
  });
});

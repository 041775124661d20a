import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { payFee, type Phone, type SheetAnswer } from "../src/index";
import { answer, scripted } from "./scripted";

const OPEN = answer({ order_no: "F1", status: "open" });
const PAID = answer({ order_no: "F1", status: "paid" });

function payment(status: string, parameters: object | null = null, ask_again_after: number | null = null) {
  return answer({ client_id: "c", order_no: "F1", channel: "wechat", status, parameters, ask_again_after });
}

function phone(says: SheetAnswer): Phone & { shown: unknown[] } {
  const shown: unknown[] = [];
  return {
    provider: "wechat",
    shown,
    loginCode: async () => "code",
    pay: async (parameters) => {
      shown.push(parameters);
      return says;
    },
  };
}

describe("paying a fee", () => {
  it("shows the sheet once it is ready, and believes the order alone", async () => {
    const hand = phone("done");
    const { client } = scripted([payment("requested", null, 0), payment("ready", { package: "p" }), OPEN, PAID]);

    const result = await payFee(client, hand, "F1");

    assert.deepEqual([result.paid, hand.shown], [true, [{ package: "p" }]]);
  });

  it("is not paid because a sheet says so", async () => {
    const { client } = scripted([payment("ready", { package: "p" }), OPEN, OPEN, OPEN]);

    const result = await payFee(client, phone("done"), "F1", { settlingMs: 3000 });

    assert.deepEqual([result.paid, result.sheet], [false, "done"]);
  });

  it("is paid although the sheet says that it failed", async () => {
    const { client } = scripted([payment("ready", { package: "p" }), PAID]);

    assert.equal((await payFee(client, phone("failed"), "F1")).paid, true);
  });

  it("looks once after it was cancelled", async () => {
    const { client, sent } = scripted([payment("ready", { package: "p" }), OPEN]);

    const result = await payFee(client, phone("cancelled"), "F1");

    assert.deepEqual([result.paid, sent.length], [false, 2]);
  });

  it("begins anew where an earlier try was closed", async () => {
    const { client, sent } = scripted([payment("closed"), payment("ready", { package: "p" }), PAID]);

    const result = await payFee(client, phone("done"), "F1", { clientId: "c-old" });

    assert.equal(result.paid, true);
    assert.notEqual(sent[0]?.url, sent[1]?.url);
  });
});

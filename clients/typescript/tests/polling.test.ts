import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { NetworkFailed, Problem } from "../src/index";
import { answer, lost, refusal, scripted } from "./scripted";

const PATH = "/v1/fee-orders/{order_no}";
const OPEN = answer({ order_no: "F1", status: "open" });
const PAID = answer({ order_no: "F1", status: "paid" });
const GIVEN = { path: { order_no: "F1" }, until: (order: { status: string }) => order.status !== "open" };

describe("polling", () => {
  it("waits at the service, and gives it longer than that to answer", async () => {
    const { client, sent } = scripted([PAID]);

    const polled = await client.poll(PATH, GIVEN);

    assert.equal(polled.done, true);
    assert.equal(sent[0]?.url, "https://zb.test/v1/fee-orders/F1?wait=25");
    assert.ok((sent[0]?.timeoutMs ?? 0) > 25_000);
  });

  it("gives up politely with the last answer", async () => {
    const { client, waited } = scripted(Array.from({ length: 9 }, () => OPEN));

    const polled = await client.poll(PATH, { ...GIVEN, forMs: 5000 });

    assert.deepEqual([polled.done, polled.answer.status], [false, "open"]);
    assert.deepEqual(waited, [2000, 2000, 1000]);
  });

  it("looks once where there is no time to wait", async () => {
    const { client, sent } = scripted([OPEN]);

    const polled = await client.poll(PATH, { ...GIVEN, forMs: 0 });

    assert.equal(polled.done, false);
    assert.equal(sent[0]?.url, "https://zb.test/v1/fee-orders/F1?wait=0");
  });

  it("goes on after an answer that was lost", async () => {
    const { client } = scripted([lost(), OPEN, PAID]);

    assert.equal((await client.poll(PATH, GIVEN)).done, true);
  });

  it("goes on after the connection of one whole wait was dead", async () => {
    let clock = 0;
    const dead = () => {
      clock += 35_000;
      throw new NetworkFailed("timeout", "nothing came");
    };
    const pause = async (milliseconds: number) => void (clock += milliseconds);
    const { client } = scripted([dead, PAID], { now: () => clock, pause });

    assert.equal((await client.poll(PATH, GIVEN)).done, true);
  });

  it("ends with a refusal", async () => {
    const { client } = scripted([refusal(404, "payments.order_not_found")]);

    await assert.rejects(client.poll(PATH, GIVEN), Problem);
  });
});

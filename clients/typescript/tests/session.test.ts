import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { memoryStorage, NetworkFailed, Problem, type WireRequest } from "../src/index";
import { answer, lost, refusal, scripted, signedIn } from "./scripted";

const OLD = refusal(401, "web.not_signed_in");

function token(request: WireRequest): string | undefined {
  return request.headers["authorization"];
}

describe("a token that is too old", () => {
  it("is replaced, and the call made again", async () => {
    const { client, sent } = scripted([OLD, answer(signedIn("2")), answer({ level: 2 })]);
    await client.keep(signedIn("1"));

    const me = await client.get("/v1/me");

    assert.equal(me.level, 2);
    assert.deepEqual(sent.map(token), ["Bearer access-1", undefined, "Bearer access-2"]);
    assert.deepEqual(JSON.parse(sent[1]?.body ?? ""), { refresh_token: "refresh-1" });
  });

  it("is replaced once, however many calls find it so", async () => {
    let refreshes = 0;
    const service = (request: WireRequest) => {
      if (request.url.endsWith("/refresh")) {
        refreshes += 1;
        return answer(signedIn("2"));
      }
      return token(request) === "Bearer access-2" ? answer({ level: 2 }) : OLD;
    };
    const { client } = scripted(Array.from({ length: 20 }, () => service));
    await client.keep(signedIn("1"));

    await Promise.all(Array.from({ length: 6 }, () => client.get("/v1/me")));

    assert.equal(refreshes, 1);
  });

  it("is replaced for a POST too: a 401 comes before any work", async () => {
    const { client, sent } = scripted([OLD, answer(signedIn("2")), answer({}, 201)]);
    await client.keep(signedIn("1"));

    await client.post("/v1/entitlements/{entitlement_id}/confirmation", { path: { entitlement_id: "e" } });

    assert.equal(sent.length, 3);
  });

  it("is not blamed for a wrong code: that is sent once", async () => {
    const wrong = refusal(401, "identity.phone_code_refused");
    const { client, sent } = scripted([wrong, answer(signedIn("2")), wrong]);
    await client.keep(signedIn("1"));
    const body = { phone: "13800000000", challenge_id: "01900000-0000-7000-8000-000000000000", code: "000000" };

    await assert.rejects(client.post("/v1/sessions/phone", { body }), Problem);

    assert.equal(sent.length, 1);
  });

  it("is tried to replace again when the answer was lost, within the time the old one is good", async () => {
    const { client, sent } = scripted([OLD, lost(), answer(signedIn("2")), answer({})]);
    await client.keep(signedIn("1"));

    await client.get("/v1/me");

    assert.equal(sent[1]?.body, sent[2]?.body);
  });
});

describe("a sign-in that has ended", () => {
  it("is forgotten, and the page told once", async () => {
    let told = 0;
    const over = refusal(401, "identity.refresh_refused");
    const service = (request: WireRequest) => (request.url.endsWith("/refresh") ? over : OLD);
    const { client } = scripted(Array.from({ length: 9 }, () => service), { onSignedOut: () => (told += 1) });
    await client.keep(signedIn("1"));

    const ends = await Promise.allSettled([client.get("/v1/me"), client.get("/v1/home"), client.get("/v1/licences")]);

    assert.deepEqual([...new Set(ends.map((end) => end.status))], ["rejected"]);
    assert.equal(told, 1);
    assert.equal(await client.signedIn(), undefined);
  });

  it("is told to the page also when it cannot be forgotten", async () => {
    let told = 0;
    const kept = memoryStorage();
    const remove = (): void => {
      throw new Error("removeStorage:fail");
    };
    const over = refusal(401, "identity.refresh_refused");
    const { client } = scripted([OLD, over], { storage: { ...kept, remove }, onSignedOut: () => (told += 1) });
    await client.keep(signedIn("1"));

    await assert.rejects(client.get("/v1/me"));

    assert.equal(told, 1);
  });

  it("is kept when the network alone was the cause", async () => {
    const { client } = scripted([OLD, ...Array.from({ length: 30 }, lost)]);
    await client.keep(signedIn("1"));

    await assert.rejects(client.get("/v1/me"), NetworkFailed);

    assert.equal((await client.signedIn())?.refresh_token, "refresh-1");
  });

  it("ends here although the service cannot be reached", async () => {
    const { client } = scripted([lost()]);
    await client.keep(signedIn("1"));

    await assert.rejects(client.signOut(), NetworkFailed);

    assert.equal(await client.signedIn(), undefined);
  });
});

describe("tokens", () => {
  it("are found again at the next opening", async () => {
    const storage = memoryStorage();
    await scripted([answer(signedIn("1"), 201)], { storage }).client.signIn("wechat", "code");
    const { client, sent } = scripted([answer({})], { storage });

    await client.get("/v1/me");

    assert.equal(sent.map(token)[0], "Bearer access-1");
  });

  it("are read again after they could not be read once", async () => {
    const kept = memoryStorage();
    await scripted([], { storage: kept }).client.keep(signedIn("1"));
    let reads = 0;
    const get = (key: string) => {
      reads += 1;
      if (reads === 1) throw new Error("getStorageSync:fail");
      return kept.get(key);
    };
    const { client, sent } = scripted([answer({})], { storage: { ...kept, get } });

    await assert.rejects(client.get("/v1/me"), /getStorageSync/);
    await client.get("/v1/me");

    assert.deepEqual(sent.map(token), ["Bearer access-1"]);
  });

  it("that somebody has spoilt mean not signed in", async () => {
    const storage = memoryStorage();
    await storage.set("zhangban.session", "{");
    const { client } = scripted([OLD], { storage });

    await assert.rejects(client.get("/v1/me"), Problem);
  });
});

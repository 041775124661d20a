// Holder, verifier and issuer as somebody else wrote them. Reads one request as JSON from standard
// input, answers with JSON. Nothing here is of our own making but the passing on.

import { readFileSync } from "node:fs";
import { digest, ES256, generateSalt } from "@sd-jwt/crypto-nodejs";
import { createHeaderAndPayload, StatusList } from "@sd-jwt/jwt-status-list";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";

const BASE = { hasher: digest, hashAlg: "sha-256", saltGenerator: generateSalt };

async function makeKeys() {
  return ES256.generateKeyPair();
}

async function signProof({ holder, claims }) {
  const { kty, crv, x, y } = holder.publicKey;
  const header = { alg: "ES256", typ: "openid4vci-proof+jwt", jwk: { kty, crv, x, y } };
  return { proof: await signed(header, claims, holder.privateKey) };
}

async function issue({ issuer, claims, hidden, decoys }) {
  const signer = await ES256.getSigner(issuer.privateKey);
  const library = new SDJwtVcInstance({ ...BASE, signer, signAlg: "ES256" });
  const frame = { _sd: hidden, _sd_decoy: decoys };
  return { credential: await library.issue(claims, frame, { header: { kid: issuer.kid } }) };
}

async function makeList({ issuer, words, claims }) {
  const list = new StatusList(words, 2);
  const { header, payload } = createHeaderAndPayload(list, claims, { alg: "ES256", kid: issuer.kid });
  return { list: await signed(header, payload, issuer.privateKey) };
}

async function present({ credential, shown, holder, binding }) {
  const kbSigner = await ES256.getSigner(holder.privateKey);
  const library = new SDJwtVcInstance({ ...BASE, kbSigner, kbSignAlg: "ES256" });
  const frame = Object.fromEntries(shown.map((name) => [name, true]));
  return { presentation: await library.present(credential, frame, { kb: { payload: binding } }) };
}

async function verify({ presentation, keys, list, nonce, audience, at }) {
  const library = new SDJwtVcInstance({
    ...BASE,
    verifier: (data, signature) => byPublished(keys, data, signature),
    kbVerifier: async (data, signature, claims) =>
      (await ES256.getVerifier(claims.cnf.jwk))(data, signature),
    statusListFetcher: async () => list,
  });
  try {
    const options = { keyBindingNonce: nonce, currentDate: at };
    const { payload, kb } = await library.verify(presentation, options);
    if (kb.payload.aud !== audience) throw new Error("another audience");
    return { claims: payload };
  } catch (error) {
    return { refused: error.message };
  }
}

async function byPublished(keys, data, signature) {
  const { kid } = JSON.parse(Buffer.from(data.split(".")[0], "base64url"));
  const key = keys.find((one) => one.kid === kid);
  return key !== undefined && (await ES256.getVerifier(key))(data, signature);
}

async function signed(header, claims, privateKey) {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const signer = await ES256.getSigner(privateKey);
  return [...parts, await signer(parts.join("."))].join(".");
}

const KNOWN = { makeKeys, signProof, issue, makeList, present, verify };
const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(await KNOWN[asked.do](asked)));

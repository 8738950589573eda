import { execFileSync } from "node:child_process";
import { sign, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Attested, createAuthenticator } from "../../support/authenticator.ts";
import { listen } from "../../support/listen.ts";
import { makeCertificates } from "../../support/services/certificates.ts";
import { bearer, createWorld, ORIGIN } from "../../support/world.ts";
import { bodyOf } from "../support.ts";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-attestation-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server that must get no request. */
async function startCanary() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end();
  });
  return { asked, url: `http://127.0.0.1:${await listen(server)}/list-of-revoked` };
}

/** `KeyDescription` of Android's key attestation, with only the challenge filled in. */
function keyDescription(challenge: Buffer): string {
  const der = (tag: number, content: Buffer) => Buffer.concat([Buffer.from([tag, content.length]), content]);
  const number = (tag: number) => der(tag, Buffer.from([1]));
  const empty = (tag: number) => der(tag, Buffer.alloc(0));
  const versions = [number(0x02), number(0x0a), number(0x02), number(0x0a)];
  return der(
    0x30,
    Buffer.concat([...versions, der(0x04, challenge), empty(0x04), empty(0x30), empty(0x30)]),
  ).toString("hex");
}

/** An Android attestation whose authority is the attacker's own and whose certificate names an address. */
function attestAsAndroid(folder: string, url: string) {
  return ({ privateKey, clientDataHash, authData }: Attested) => {
    const file = (name: string) => join(folder, name);
    const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { stdio: "pipe" });
    const { caFile } = makeCertificates(folder, "unused.example");
    writeFileSync(file("leaf.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const extensions = [
      `crlDistributionPoints=URI:${url}`,
      `1.3.6.1.4.1.11129.2.1.17=DER:${keyDescription(clientDataHash)}`,
    ];
    writeFileSync(file("extensions"), extensions.join("\n"));
    openssl("req", "-new", "-key", file("leaf.key"), "-subj", "/CN=A phone", "-out", file("leaf.csr"));
    const by = ["-CA", caFile, "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile", file("extensions")];
    openssl("x509", "-req", "-days", "2", "-in", file("leaf.csr"), ...by, "-out", file("leaf.pem"));
    const x5c = [file("leaf.pem"), caFile].map((pem) => new X509Certificate(readFileSync(pem)).raw);
    const signature = sign("sha256", Buffer.concat([authData, clientDataHash]), privateKey);
    const attStmt = new Map<string, unknown>([
      ["alg", -7],
      ["sig", signature],
      ["x5c", x5c],
    ]);
    return { fmt: "android-key", attStmt };
  };
}

it("a passkey is added without a request to the address in its attestation's certificate (SSRF)", async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const canary = await startCanary();
  const { accessToken } = await world.signIn();
  const post = (path: string, body?: object) => world.post(path, body, bearer(accessToken));
  const { challenge } = await bodyOf<{ challenge: string }>(await post("/v1/me/factors/passkeys/options"));
  const attest = attestAsAndroid(newFolder(), canary.url);
  const passkey = createAuthenticator().create({ origin: ORIGIN, challenge }, attest);
  const added = await post("/v1/me/factors/passkeys", { passkey });
  expect(canary.asked).toEqual([]);
  // The attestation was not asked for and is not read: the passkey is accepted like any other.
  expect(added.status).toBe(204);
});

import { randomBytes } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { KEY_KINDS } from "../../../src/core/keys.ts";
import { canary } from "../../support/canaries.ts";
import { freePort } from "../../support/ports.ts";
import { phonekey, type RunningServer, startServer, workingFolder } from "../../support/server.ts";
import { bearer, type Client, createClient, newPhone } from "../client.ts";
import { change, letTimePass, rowsOf } from "../database.ts";

function newSecret(): string {
  const secret = randomBytes(36).toString("base64url");
  canary("token", secret);
  return secret;
}

async function expectReadable(client: Client, session: Awaited<ReturnType<Client["signIn"]>>) {
  const { accessToken, user } = session;
  const me = await client.get("/v1/me", bearer(accessToken));
  expect(me).toMatchObject({ status: 200, body: { id: user.id, phone: user.phone } });
}

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
}

describe("phonekey keys rotate, for the wrapping secrets", () => {
  test("with the new secret in front, rotated beside the server and the old one removed, sessions and phones stay", async () => {
    const [old, current] = [newSecret(), newSecret()];
    const place = { folder: workingFolder(), port: await freePort() };
    const first = await startServer({ ...place, env: { PHONEKEY_SECRETS: old } });
    const session = await createClient(first).signIn(newPhone());

    const tooEarly = await phonekey(["keys", "rotate"], {
      ...place,
      env: { PHONEKEY_SECRETS: current },
    });
    expect(tooEarly.code).toBe(1);
    expect(tooEarly.stderr).toMatch(/^phonekey: .*Put that secret back/);

    const both = { ...place, env: { PHONEKEY_SECRETS: `${current},${old}` } };
    const wrapped = await phonekey(["keys", "rotate", "--wrapping-only"], both);
    expect(wrapped).toMatchObject({ code: 0, stderr: "" });
    const keys = rowsOf(place.folder, "SELECT secret_id FROM keys");
    expect(wrapped.stdout).toContain(`Wrapped ${keys.length} keys`);
    expect(new Set(keys.map(({ secret_id }) => secret_id)).size).toBe(1);
    expect(await phonekey(["keys", "rotate", "--wrapping-only", "code"], both)).toMatchObject({ code: 2 });
    const again = await phonekey(["keys", "rotate", "--wrapping-only", "--json"], both);
    expect(again.stdout).toBe('{"wrapped":0,"added":[],"removed":0}\n');

    // The server that has only the old secret goes on with the keys that it has loaded.
    await expectReadable(createClient(first), session);
    await createClient(first).signIn(newPhone());
    await first.stop();

    const second = await startServer({ ...place, env: { PHONEKEY_SECRETS: current } });
    const client = createClient(second);
    await expectReadable(client, session);
    expect(await client.refresh(session.refreshToken)).toMatchObject({ user: { id: session.user.id } });
    expect(await client.signIn(session.user.phone)).toMatchObject({ created: false });
    await second.stop();
    await expect(startServer({ ...place, env: { PHONEKEY_SECRETS: old } })).rejects.toThrow(
      "Put that secret back",
    );
  });
});

describe("phonekey keys rotate, the signing key (T55)", () => {
  /** The key ids of access tokens; proofs have a key of their own. */
  const jwksOf = async (server: RunningServer) => {
    const { body } = await createClient(server).get<{ keys: { kid: string }[] }>("/.well-known/jwks.json");
    return body.keys.map(({ kid }) => kid).filter((kid) => kid.startsWith("s"));
  };
  const kidOf = (token: string) => decodeProtectedHeader(token).kid;

  test("is published first, signs after its lead, and tokens of the old key are valid until they expire", async () => {
    const place = { folder: workingFolder(), port: await freePort(), env: { RESEND_SECONDS: "1" } };
    const first = await startServer(place);
    const old = await createClient(first).signIn(newPhone());
    const oldKid = kidOf(old.accessToken);
    expect(await jwksOf(first)).toEqual([oldKid]);

    const rotated = await phonekey(["keys", "rotate"], { folder: place.folder });
    const newKid = /New signing key (\S+), in use from (\S+)\./.exec(rotated.stdout);
    expect(rotated).toMatchObject({ code: 0, stderr: "" });
    expect(Date.parse(newKid?.[2] ?? "") - Date.now()).toBeGreaterThan(14 * 60_000);
    const listed = await phonekey(["keys", "list", "--json"], { folder: place.folder });
    const signing = (JSON.parse(listed.stdout) as Listed[]).filter(({ kind }) => kind === "signing");
    expect(signing).toMatchObject([
      { id: oldKid, state: "in use or kept" },
      { id: newKid?.[1], state: "pending" },
    ]);
    expect(listed.stdout).not.toContain("wrapped");

    // A token under the new key, as another process may have issued, makes the server look for it at once.
    await createClient(first).get("/v1/me", bearer(withKid(old.accessToken, newKid?.[1] ?? "")));
    expect((await jwksOf(first)).toSorted()).toEqual([oldKid, newKid?.[1]].toSorted());
    expect(kidOf((await createClient(first).signIn(newPhone())).accessToken)).toBe(oldKid);
    await first.kill();

    letTimePass(place.folder, 16 * 60_000);
    const second = await startServer(place);
    const client = createClient(second);
    expect(kidOf((await client.signIn(newPhone())).accessToken)).toBe(newKid?.[1]);
    expect((await jwksOf(second)).toSorted()).toEqual([oldKid, newKid?.[1]].toSorted());
    expect(decodeJwt(old.accessToken).exp).toBeGreaterThan(Date.now() / 1000);
    await expectReadable(client, old);
    const refreshed = await client.refresh(old.refreshToken);
    expect(kidOf(refreshed.accessToken)).toBe(newKid?.[1]);
    await second.stop();
  });
});

/** The same token with the id of another key. */
function withKid(token: string, kid: string): string {
  const header = Buffer.from(JSON.stringify({ ...decodeProtectedHeader(token), kid })).toString("base64url");
  return [header, ...token.split(".").slice(1)].join(".");
}

test("phonekey keys rotate makes one key for a kind that is named twice, none if any kind is wrong, and removes expired keys", async () => {
  const folder = workingFolder();
  await phonekey(["migrate"], { folder });
  const rotate = (...args: string[]) => phonekey(["keys", "rotate", ...args], { folder });
  const kept = () => rowsOf(folder, "SELECT kind, id, active_from AS activeFrom FROM keys ORDER BY id");
  const { code, stdout } = await rotate("code", "refresh", "code", "--json");
  const { added, ...counts } = JSON.parse(stdout) as { added: { kind: string }[] };
  expect([code, counts]).toEqual([0, { wrapped: 0, removed: 0 }]);
  expect(added.map(({ kind }) => kind)).toEqual(["code", "refresh"]);
  expect(kept()).toEqual(added);
  for (const wrong of ["codes", "tag", ""]) {
    expect([wrong, await rotate("page", wrong)]).toMatchObject([wrong, { code: 2, stdout: "" }]);
  }
  expect(kept()).toEqual(added);

  await rotate("code");
  change(folder, "UPDATE keys SET active_from = 1 WHERE kind = 'code'");
  expect((await rotate("--wrapping-only", "--json")).stdout).toBe('{"wrapped":0,"added":[],"removed":1}\n');
  expect(kept().map(({ id }) => String(id).slice(0, 2))).toEqual(["c2", "r1"]);
});

test("phonekey keys list names every kind once and shows no material", async () => {
  const server = await startServer();
  const { code, stdout } = await phonekey(["keys", "list"], { folder: server.folder });
  expect(code).toBe(0);
  const kinds = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/ +/)[0]);
  expect(kinds.toSorted()).toEqual(Object.keys(KEY_KINDS).toSorted());
  for (const { wrapped } of rowsOf(server.folder, "SELECT wrapped FROM keys")) {
    expect(stdout).not.toContain(String(wrapped).slice(3, 20));
  }
  await server.stop();
});

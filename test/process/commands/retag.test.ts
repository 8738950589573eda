import { randomBytes, randomInt } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { createKeyring } from "../../../src/adapters/keyring/keyring.ts";
import { createPhoneVault } from "../../../src/adapters/keyring/vault.ts";
import { migrate } from "../../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite } from "../../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores } from "../../../src/adapters/sql/stores.ts";
import { systemClock as clock } from "../../../src/adapters/system/clock.ts";
import { systemRandom as random } from "../../../src/adapters/system/random.ts";
import { parsePhone } from "../../../src/core/phone.ts";
import { freePort } from "../../support/ports.ts";
import {
  phonekey,
  type RunningServer,
  startCommand,
  startServer,
  workingFolder,
} from "../../support/server.ts";
import { type Answer, createClient, FREELY, newPhone, type Started } from "../client.ts";
import { databaseFile, numberOf, rowsOf } from "../database.ts";
import { until } from "../raw.ts";

const USERS = 3_000;
const KILLS = 5;
const SECRET = randomBytes(36).toString("base64url");

/** What the server itself would use, on its database file. */
async function partsOn(folder: string) {
  const database = await openSqlite(`sqlite:${databaseFile(folder)}`);
  await migrate(database, clock);
  const { keys: store } = createSqlStores(database, { clock, onStaleKey: () => {} });
  const keyring = createKeyring({ store, secrets: [SECRET], clock, random });
  await keyring.ensure();
  return { database, keyring, vault: createPhoneVault({ keyring, random }) };
}

type Parts = Awaited<ReturnType<typeof partsOn>>;

function phoneNo(index: number) {
  const parsed = parsePhone(`+86139${String(index).padStart(8, "0")}`, {
    defaultCountry: "CN",
    allowedCountries: ["CN"],
    strictNumbers: false,
  });
  if (!parsed.ok) throw new Error("no phone");
  return parsed.value;
}

/** Users as sign-ups make them, in one transaction. */
async function addUsers({ database, vault }: Parts): Promise<void> {
  await database.transaction(async (trx) => {
    for (let index = 0; index < USERS; index++) {
      const id = random.uuid(clock.now());
      const phone = phoneNo(index);
      const row = { id, phone_tag: await vault.tag(phone), sealed_phone: await vault.seal(phone, id) };
      const rest = { name: `User ${index}`, avatar: 1, device_epoch: 0, created_at: 1, updated_at: 1 };
      await trx
        .insertInto("users")
        .values({ ...row, ...rest })
        .execute();
    }
  });
}

/** Wrong guesses of strangers within the last days, one an hour. */
async function spendLedger({ database, vault }: Parts, index: number, guesses: number): Promise<void> {
  for (let n = 0; n < guesses; n++) {
    const at = clock.now() - 3_600_000 * (30 + n);
    const row = { id: random.uuid(at), phone_tag: await vault.tag(phoneNo(index)), at };
    await database.db
      .insertInto("failures")
      .values({ ...row, bucket: "stranger", code_length: 6 })
      .execute();
  }
}

const SPENT = 7;
const ALMOST_SPENT = 8;

describe("phonekey keys retag, killed again and again beside a running server", () => {
  const env = {
    PHONEKEY_SECRETS: SECRET,
    ...FREELY,
    LIMIT_PHONE_SENDS: "2/1h,10/24h",
  };
  const folder = workingFolder();
  const oldTags = (table: string, keyId: string) =>
    numberOf(folder, `SELECT count(*) FROM ${table} WHERE phone_tag LIKE '${keyId}.%'`);
  const start = (server: RunningServer, phone: string): Promise<Answer<Started>> =>
    createClient(server).post<Started>("/v1/verifications", { phone });
  let oldKey = "";
  beforeAll(async () => {
    const parts = await partsOn(folder);
    await addUsers(parts);
    await spendLedger(parts, SPENT, 9);
    await spendLedger(parts, ALMOST_SPENT, 8);
    oldKey = (await parts.keyring.current("tag")).id;
    await parts.database.close();
  });

  test("all users stay the same, all counts stand, and the server goes on by itself", async () => {
    const server = await startServer({ folder, port: await freePort(), env });
    const client = createClient(server);
    const ids = new Map(rowsOf(folder, "SELECT id, name FROM users").map(({ id, name }) => [name, id]));
    let session = await client.signIn(phoneNo(1));
    const waiting = await client.start(phoneNo(2));
    const limited = newPhone();
    await client.signIn(limited);
    await client.signIn(limited);
    expect(await start(server, limited)).toMatchObject({ status: 429 });
    expect((await client.start(phoneNo(SPENT))).codeLength).toBe(8);

    let left = oldTags("users", oldKey);
    expect(left).toBe(USERS + 1);
    for (let kill = 0; kill < KILLS; kill++) {
      const command = startCommand(["keys", "retag"], { folder, env });
      const enough = left - randomInt(1, Math.ceil(left / (KILLS - kill)));
      await Promise.race([until(() => oldTags("users", oldKey) <= enough, 30_000), command.ended]);
      command.kill();
      const { signal } = await command.ended;
      // The last runs may end before they are killed; the first may not.
      if (kill === 0) expect(signal).toBe("SIGKILL");
      left = oldTags("users", oldKey);

      // While a retag is half done, what needs a tag is 503 with Retry-After. What needs none goes on.
      if (left === 0) continue;
      const refused = await start(server, newPhone());
      expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect((await client.open(waiting.id, await client.code(phoneNo(2)))).status).toBe(503);
      session = await client.refresh(session.refreshToken);
      expect(session.user.id).toBe(ids.get("User 1"));
    }
    expect(await phonekey(["keys", "retag"], { folder, env })).toMatchObject({ code: 0, stderr: "" });
    await until(async () => (await start(server, newPhone())).status === 201);

    for (const table of ["users", "messages", "failures"])
      expect([table, oldTags(table, oldKey)]).toEqual([table, 0]);
    await expectTagsOfTheNewKey();
    for (const index of [0, 1, 3, 4, 5, 1_000, 1_999, 2_500, USERS - 1]) {
      expect(await client.signIn(phoneNo(index))).toMatchObject({
        created: false,
        user: { id: ids.get(`User ${index}`), name: `User ${index}` },
      });
    }
    expect(numberOf(folder, "SELECT count(*) FROM users")).toBe(USERS + 1);

    // The ledger and the limits go on under the new tags; what was started before is over.
    expect((await client.open(waiting.id, await client.code(phoneNo(2)))).status).toBe(401);
    expect(await start(server, limited)).toMatchObject({ status: 429 });
    expect((await client.start(phoneNo(ALMOST_SPENT))).codeLength).toBe(6);
    await until(async () => {
      const { status, body } = await start(server, phoneNo(SPENT));
      return status === 201 && body.codeLength === 8;
    });
    expect(server.faults()).toEqual([]);
    await server.stop();
  });

  async function expectTagsOfTheNewKey(): Promise<void> {
    const { database, keyring, vault } = await partsOn(folder);
    expect((await keyring.current("tag")).id).not.toBe(oldKey);
    const rows = new Map(
      rowsOf(folder, "SELECT name, phone_tag FROM users").map((row) => [row.name, row.phone_tag]),
    );
    for (let index = 0; index < USERS; index++) {
      const tag = rows.get(`User ${index}`);
      expect([index, tag]).toEqual([index, await vault.tag(phoneNo(index))]);
    }
    await database.close();
  }
});

test("a complete retag run again replaces the key each time", async () => {
  const place = { folder: workingFolder(), port: await freePort() };
  const first = await startServer(place);
  const { user } = await createClient(first).signIn(newPhone());
  await first.stop();
  const told = await phonekey(["keys", "retag"], place);
  expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Tagged 2 rows anew under t2-/) });
  const again = await phonekey(["keys", "retag", "--json"], place);
  expect([again.code, JSON.parse(again.stdout)]).toEqual([0, { id: expect.stringMatching(/^t3-/), rows: 2 }]);
  const second = await startServer(place);
  expect(await createClient(second).signIn(user.phone)).toMatchObject({
    created: false,
    user: { id: user.id },
  });
  await second.stop();
});

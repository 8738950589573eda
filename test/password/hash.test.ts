import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPasswordHasher } from "../../src/adapters/scrypt/hasher.ts";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { opened, PHONE, phoneNo, refused } from "../http/support.ts";
import { createWorld, type World } from "../support/world.ts";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
const { signIn, signUp } = passwordCalls(() => world);

beforeEach(async () => {
  ({ world } = await createPasswordWorld());
});
afterEach(() => world.close());

describe("the hash of a password", () => {
  it("is replaced with one of today's parameters at the next sign-in", async () => {
    await signUp(PHONE);
    const { folder, clock } = world;
    const dearer = createPasswordHasher({ random: systemRandom, cost: { ln: 5, r: 8, p: 1 } });
    const kept: (string | undefined)[] = [];
    const spied = {
      ...dearer,
      verify: (password: string, hash: string | undefined) => {
        kept.push(hash?.split("$")[2]);
        return dearer.verify(password, hash);
      },
    };
    const later = await createWorld({ folder, clock, parts: { passwordHasher: spied } });
    const at = () => later.post("/v1/sessions", { phone: PHONE, password: PASSWORD });
    await refused(await later.post("/v1/sessions", { phone: PHONE, password: OTHER }), "invalid_credentials");
    for (let n = 0; n < 2; n += 1) await opened(await at());
    expect(kept).toEqual(["ln=4,r=8,p=1", "ln=4,r=8,p=1", "ln=5,r=8,p=1"]);
    await later.close();
  });

  it("is bound to its user: in another user's row it opens no session", async () => {
    const own = await signUp(PHONE);
    const other = await signUp(phoneNo(5), OTHER);
    const { db, close } = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
    const hashOf = (id: string) => db.selectFrom("users").select("sealed_password").where("id", "=", id);
    const copied = await hashOf(own.user.id).executeTakeFirstOrThrow();
    await db.updateTable("users").set(copied).where("id", "=", other.user.id).execute();
    await close();
    await opened(await signIn(PHONE, PASSWORD));
    expect((await signIn(phoneNo(5), PASSWORD)).status).toBe(500);
  });

  it("is not replaced if too many hashes wait, and the sign-in succeeds", async () => {
    await signUp(PHONE);
    const { folder, clock } = world;
    const dearer = createPasswordHasher({
      random: systemRandom,
      cost: { ln: 5, r: 8, p: 1 },
      atOnce: 1,
      waiting: 0,
    });
    let meanwhile: Promise<string> | undefined;
    const passwordHasher = {
      ...dearer,
      async verify(password: string, hash: string | undefined) {
        const isRight = await dearer.verify(password, hash);
        meanwhile = dearer.hash(OTHER);
        return isRight;
      },
    };
    const later = await createWorld({ folder, clock, parts: { passwordHasher } });
    await opened(await later.post("/v1/sessions", { phone: PHONE, password: PASSWORD }));
    await meanwhile;
    await later.close();
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasMariadb, newDatabase } from "../../support/services/mysql.ts";
import { bearer, createWorld, type World } from "../../support/world.ts";

const PHONE = "+8613800138000";

describe.runIf(hasMariadb())("Phonekey on MariaDB", () => {
  let url: string;
  let world: World;
  beforeEach(async () => {
    const { host, port, user, database } = await newDatabase();
    url = `mysql://${user}@${host}:${port}/${database}`;
    world = await createWorld({ env: { DATABASE_URL: url } });
  });
  afterEach(() => world.close());

  test("signs up, signs in again as the same user, and ends the session", async () => {
    const first = await world.signIn(PHONE);
    expect(first.created).toBe(true);
    world.clock.advance(600_000);
    const again = await world.signIn(PHONE);
    expect(again).toMatchObject({ created: false, user: { id: first.user.id } });
    const me = () => world.request("/v1/me", { headers: bearer(again.accessToken) });
    expect((await me()).status).toBe(200);
    await world.request("/v1/sessions/current", { method: "DELETE", headers: bearer(again.accessToken) });
    expect((await me()).status).toBe(401);
  });

  test("opens one session for 12 parallel right codes on two processes", async () => {
    const other = await createWorld({ env: { DATABASE_URL: url }, clock: world.clock });
    const started = await world.post("/v1/verifications", { phone: PHONE });
    const { id } = (await started.json()) as { id: string };
    const code = world.sms.lastCode();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 ? world : other).post("/v1/sessions", { verificationId: id, code }),
      ),
    );
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
    expect(answers.map(({ status }) => status).filter((status) => status === 401)).toHaveLength(11);
    await other.close();
  });

  test("is ready while the database answers", async () => {
    expect((await world.request("/readyz")).status).toBe(200);
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import { asRoot, hasMariadb, newDatabase } from "../support/services/mysql.ts";
import { event, migratedDatabase, variables } from "./functions.ts";
import { type EventInstance, startEvent, unpackedPackage, type Variables } from "./instance.ts";

let folder: string;
beforeAll(() => {
  folder = unpackedPackage();
});

const start = (env: Variables) => startEvent(folder, "maintenance.main_handler", env);
const timer = (Message: unknown) => ({
  Type: "Timer",
  TriggerName: "tick",
  Time: "2026-11-25T00:00:00Z",
  Message,
});

describe.runIf(hasMariadb())("the maintenance function", () => {
  let env: Variables;
  beforeAll(async () => {
    const made = await migratedDatabase(folder);
    expect(made).toMatchObject({
      migrated: { ok: true, applied: expect.arrayContaining(["0001-first-schema"]) },
    });
    ({ env } = made);
  });

  test("migrates, and has nothing to do the second time", async () => {
    const { invoke } = await start(env);
    expect((await invoke({ action: "migrate" })).answer).toEqual({ ok: true, applied: [] });
  });

  test.each([undefined, "", "tick", ' {"action":"tick"} '])(
    "does periodic work by a timer with the message %j",
    async (message) => {
      const { invoke } = await start(env);
      const { answer, context, lingersMs } = await invoke(timer(message));
      expect(answer).toMatchObject({ ok: true, ran: true, failures: [] });
      expect(context).toEqual({ callbackWaitsForEmptyEventLoop: false });
      expect(lingersMs).toBeLessThan(5_000);
    },
  );

  test("runs the checks of the doctor, the indexes among them, without SQLite", async () => {
    const { invoke } = await start(env);
    const { answer } = await invoke({ action: "doctor" });
    const { findings } = answer as { findings: { name: string; status: string }[] };
    expect(findings.filter(({ status }) => status === "wrong")).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ name: "indexes", status: "ok" }));
  });

  test("imports the demo's users, from DATABASE_URL if IMPORT_DATABASE_URL is not set", async () => {
    const demo = await newDatabase();
    await asRoot(
      `create table ${demo.database}.info (userId bigint primary key, phone varchar(20), name varchar(64), avatar varchar(255), time datetime)`,
      `insert into ${demo.database}.info values (7, '13800138007', 'Wei', '', '2020-06-01 00:00:00')`,
    );
    const { DATABASE_URL: url } = variables(demo);
    const { invoke } = await start({ ...env, IMPORT_DATABASE_URL: url ?? "" });
    const order = { action: "import", table: "info" };
    expect((await invoke(order)).answer).toMatchObject({ ok: true, read: 1, imported: 1, complete: true });
    expect((await invoke(order)).answer).toMatchObject({ ok: true, imported: 0, alreadyThere: 1 });
    const elsewhere = await start(env);
    expect((await elsewhere.invoke(order)).thrown).toMatch(/table/);
  });

  test("throws what fails to the platform, without the value of a setting", async () => {
    const { invoke, output } = await start({
      ...env,
      DATABASE_URL: "mysql://canary:canary@127.0.0.1:1/canary",
    });
    const { thrown } = await invoke(timer("tick"));
    expect(thrown).toMatch(/^Error: phonekey: the database is unavailable/);
    expect(thrown + output()).not.toContain("canary");
  });

  describe("given an event that is no order", () => {
    let invoke: EventInstance["invoke"];
    beforeAll(async () => {
      ({ invoke } = await start(env));
    });

    test.each([
      ["a Function URL", event("POST", "/", { body: { action: "migrate" } })],
      ["a Function URL whose fields are an order", { ...event("GET", "/"), action: "migrate" }],
      ["an API gateway", { requestContext: {}, action: "migrate" }],
      ["a Function URL whose fields are a timer's", { ...event("GET", "/"), ...timer("migrate") }],
    ])("refuses that of %s", async (_, refused) => {
      expect((await invoke(refused)).answer).toEqual({
        ok: false,
        error: "no URL may lead to the maintenance function",
      });
    });

    test.each([
      null,
      undefined,
      [],
      "migrate",
      {},
      { action: "drop" },
      { action: ["tick"] },
      timer('{"action":1}'),
      timer("[]"),
    ])("answers %j with the actions that there are", async (order) => {
      const { answer, thrown } = await invoke(order);
      expect({ answer, thrown }).toEqual({
        answer: { ok: false, error: "action must be one of migrate, doctor, import, tick" },
        thrown: undefined,
      });
    });
  });
});

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { beforeEach, describe, expect, it } from "vitest";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { createWebhook } from "../../../src/adapters/webhook/post.ts";
import { createAlerts } from "../../../src/core/alerts/alerts.ts";
import { ALERT_KINDS } from "../../../src/core/alerts/kinds.ts";
import type { AlertMessage } from "../../../src/core/alerts/ports.ts";
import { tellAlerts } from "../../../src/core/alerts/tell.ts";
import { createTestClock, type TestClock } from "../../support/clock.ts";
import { openTestDatabase, type TestDatabase } from "../../support/database.ts";
import { listen } from "../../support/listen.ts";

const HOUR = 3_600_000;
let opened: TestDatabase;
let clock: TestClock;
let logged: unknown[];

beforeEach(async () => {
  clock = createTestClock();
  opened = await openTestDatabase(clock);
  logged = [];
  return () => opened.close();
});

/** The alerts of one process. */
function alertsOfProcess() {
  const { alertStore: store } = opened.stores;
  const onChange = (what: string, { kind, subject }: { kind: string; subject: string }) =>
    void logged.push(`${what} ${kind} ${subject}`);
  return createAlerts({
    store,
    clock,
    random: systemRandom,
    onChange,
    onError: (error) => logged.push(error),
  });
}

/** Sends alerts as a tick does; `told` has what was posted. */
function teller(arrives: () => boolean = () => true) {
  const told: AlertMessage[] = [];
  const { alertStore: store } = opened.stores;
  const post = async (message: AlertMessage) => {
    told.push(message);
    return arrives();
  };
  return { told, tick: () => tellAlerts({ store, clock, post }) };
}

describe("alerts", () => {
  it("are sent once when they are raised and once when they are cleared", async () => {
    const [alerts, another] = [alertsOfProcess(), alertsOfProcess()];
    const { told, tick } = teller();
    for (const one of [alerts, another, alerts])
      await one.raise("sms_balance", "tencent/mainland", { code: "E1" });
    await tick();
    await tick();
    await alerts.settle(["tencent/mainland", "tencent/mainland/sign_in"]);
    await alerts.settle(["tencent/mainland"]);
    await tick();
    expect(told.map(({ type, data }) => [type, data.kind, data.detail])).toEqual([
      ["alert.raised", "sms_balance", { code: "E1" }],
      ["alert.cleared", "sms_balance", { code: "E1" }],
    ]);
    expect(logged).toEqual(["raised sms_balance tencent/mainland", "cleared sms_balance tencent/mainland"]);
  });

  it("that another process raised are cleared half a minute later at most", async () => {
    const [alerts, another] = [alertsOfProcess(), alertsOfProcess()];
    await alerts.settle(["tencent/mainland"]);
    await another.raise("sms_quota", "tencent/mainland");
    clock.advance(30_000);
    await alerts.settle(["tencent/mainland"]);
    expect(await opened.stores.alertStore.standing()).toEqual([]);
  });

  it("are cleared at once if this process raised them, or if its clock was set back", async () => {
    const [alerts, another] = [alertsOfProcess(), alertsOfProcess()];
    await alerts.settle(["tencent/mainland"]);
    await alerts.raise("sms_quota", "tencent/mainland");
    await alerts.settle(["tencent/mainland"]);
    expect(await opened.stores.alertStore.standing()).toEqual([]);
    await another.raise("sms_quota", "tencent/mainland");
    clock.advance(-HOUR);
    await alerts.settle(["tencent/mainland"]);
    expect(await opened.stores.alertStore.standing()).toEqual([]);
  });

  it("are reported as cleared by only one of two processes that clear them at once", async () => {
    const [alerts, another] = [alertsOfProcess(), alertsOfProcess()];
    await alerts.raise("sms_quota", "tencent/mainland");
    await Promise.all([alerts, another].map((one) => one.settle(["tencent/mainland"])));
    expect(logged).toEqual(["raised sms_quota tencent/mainland", "cleared sms_quota tencent/mainland"]);
  });

  it("carry the times when they were raised and cleared, even if both are sent late", async () => {
    const alerts = alertsOfProcess();
    const { told, tick } = teller();
    const raisedAt = clock.now();
    await alerts.raise("sms_quota", "tencent/mainland");
    clock.advance(1_000);
    await alerts.settle(["tencent/mainland"]);
    clock.advance(HOUR);
    await tick();
    await tick();
    const dates = [raisedAt, raisedAt + 1_000].map((at) => new Date(at).toISOString());
    expect(told.map(({ at, data }) => [at, data.raisedAt, data.clearedAt])).toEqual([
      [raisedAt, dates[0], undefined],
      [raisedAt + 1_000, dates[0], dates[1]],
    ]);
  });

  it("are sent ten at a time, also those of a kind that only a later version knows", async () => {
    const alerts = alertsOfProcess();
    const { told, tick } = teller();
    await alerts.raise("sms_of_tomorrow" as string as "sms_quota", "tencent/mainland");
    for (let n = 0; n < 10; n += 1) await alerts.raise("sms_quota", `tencent/international/${n}`);
    expect(await tick()).toEqual({ count: 10, isLast: false });
    expect(await tick()).toEqual({ count: 1, isLast: true });
    const text = { en: "sms_of_tomorrow", "zh-CN": "sms_of_tomorrow" };
    expect(told.map(({ data }) => data)).toContainEqual(expect.objectContaining({ text }));
  });

  it("are not cleared by what clears another subject or kind", async () => {
    const alerts = alertsOfProcess();
    await alerts.raise("sms_template", "tencent/mainland/reset_password");
    await alerts.settle(["tencent/mainland", "tencent/mainland/sign_in"]);
    await alerts.clear("sms_signature", "tencent/mainland/reset_password");
    expect(await opened.stores.alertStore.standing()).toHaveLength(1);
    await alerts.clear("sms_template", "tencent/mainland/reset_password");
    expect(await opened.stores.alertStore.standing()).toHaveLength(0);
  });

  it("of kind sms_unanswered are not settled by a process that the sender answers", async () => {
    const [deaf, alerts] = [alertsOfProcess(), alertsOfProcess()];
    await deaf.raise("sms_refused", "webhook");
    await deaf.raise("sms_unanswered", "webhook");
    await alerts.settle(["webhook"]);
    expect(await opened.stores.alertStore.standing()).toEqual([
      { kind: "sms_unanswered", subject: "webhook" },
    ]);
  });

  it("are not read from the database at each settlement while none stands", async () => {
    const asked: unknown[] = [];
    const store = new Proxy(opened.stores.alertStore, {
      get(target, name) {
        asked.push(name);
        return Reflect.get(target, name);
      },
    });
    const deps = { store, clock, random: systemRandom, onChange: () => {}, onError: () => {} };
    const alerts = createAlerts(deps);
    for (let n = 0; n < 100; n += 1) await alerts.settle(["tencent/mainland"]);
    expect(asked).toEqual(["standing"]);
    await alerts.raise("sms_balance", "tencent/mainland");
    for (let n = 0; n < 100; n += 1) await alerts.settle(["tencent/mainland"]);
    expect(asked).toEqual(["standing", "raise", "standing", "clear"]);
  });

  it("do not fail their caller if the database is closed", async () => {
    const alerts = alertsOfProcess();
    await opened.database.close();
    await alerts.raise("sms_balance", "tencent/mainland");
    await alerts.settle(["tencent/mainland"]);
    expect(logged).toHaveLength(2);
    opened = await openTestDatabase(clock);
  });

  it("all have a text in both languages", () => {
    for (const { en, zh } of Object.values(ALERT_KINDS)) {
      expect(en).toMatch(/^[A-Z].+\.$/);
      expect(zh).toMatch(/\p{Script=Han}.+。$/u);
    }
  });
});

describe("an alert that does not arrive", () => {
  it("is tried again after 1, 2, 4 … 60 minutes under the same id, and given up after three days", async () => {
    const { told, tick } = teller(() => false);
    await alertsOfProcess().raise("sms_balance", "tencent/mainland");
    await tick();
    const waits: number[] = [];
    for (let at = clock.now(); at < 1_800_000_000_000 + 100 * HOUR; at += 30_000) {
      const before = told.length;
      clock.advance(30_000);
      await tick();
      if (told.length > before) waits.push(clock.now());
    }
    const minutes = waits.map((at, index) => (at - (waits[index - 1] ?? 1_800_000_000_000)) / 60_000);
    expect(minutes.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect((waits.at(-1) ?? 0) - 1_800_000_000_000).toBeGreaterThan(70 * HOUR);
    expect(waits.at(-1)).toBeLessThan(1_800_000_000_000 + 75 * HOUR);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told).toHaveLength(77);
  });

  it("holds up the others only until the next tick", async () => {
    let isDown = true;
    const { told, tick } = teller(() => !isDown);
    const alerts = alertsOfProcess();
    for (const subject of ["a", "b", "c"]) await alerts.raise("sms_balance", subject);
    expect(await tick()).toEqual({ count: 0, isLast: true });
    expect(told).toHaveLength(1);
    isDown = false;
    clock.advance(60_000);
    expect(await tick()).toEqual({ count: 3, isLast: true });
  });
});

describe("the webhook", () => {
  const SECRETS = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "bmV4dCBzZWNyZXQgb2YgdGhlIHdlYmhvb2s="];
  const MESSAGE: AlertMessage = {
    id: "a-1.raised",
    at: 1_800_000_000_000,
    type: "alert.raised",
    data: {
      id: "a-1",
      kind: "sms_balance",
      subject: "tencent/mainland",
      text: { en: "Text.", "zh-CN": "文字。" },
      detail: {},
      raisedAt: "2027-01-15T08:00:00.000Z",
    },
  };

  async function answering(answer: RequestListener): Promise<string> {
    return `http://127.0.0.1:${await listen(createServer(answer))}`;
  }

  const post = (url: string) => createWebhook({ url, secrets: SECRETS }, clock)(MESSAGE);

  it("signs id, time and body with each secret, as Standard Webhooks does", async () => {
    const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
    const url = await answering(async (request, response) => {
      seen.push({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
      response.writeHead(204).end();
    });
    expect(await post(`${url}/hook?x=1`)).toBe(true);
    const [{ headers, body } = { headers: {}, body: "" }] = seen;
    const signed = `a-1.raised.1800000000.${body}`;
    const signatures = SECRETS.map(
      (secret) => `v1,${createHmac("sha256", Buffer.from(secret, "base64")).update(signed).digest("base64")}`,
    );
    expect(headers).toMatchObject({
      "webhook-id": "a-1.raised",
      "webhook-timestamp": "1800000000",
      "webhook-signature": signatures.join(" "),
      "content-type": "application/json",
    });
    const { type, data } = MESSAGE;
    expect(JSON.parse(body)).toEqual({ type, timestamp: "2027-01-15T08:00:00.000Z", data });
  });

  it("follows no redirect", async () => {
    const visits: string[] = [];
    const target = await answering((request, response) => {
      visits.push(request.url ?? "");
      response.end();
    });
    const url = await answering((_, response) =>
      response.writeHead(307, { location: `${target}/inner` }).end(),
    );
    expect(await post(url)).toBe(false);
    expect(visits).toEqual([]);
  });

  it.each<[string, RequestListener]>([
    ["an error", (_, response) => response.writeHead(500).end()],
    ["a cut connection", (request) => request.socket.destroy()],
  ])("takes %s as not arrived", async (_, answer) => {
    expect(await post(await answering(answer))).toBe(false);
  });

  it("does not wait for the body of an answer", async () => {
    const url = await answering((_, response) => {
      response.writeHead(200);
      const chatter = setInterval(() => response.write("x".repeat(65_536)), 1);
      response.once("close", () => clearInterval(chatter));
    });
    expect(await post(url)).toBe(true);
  });

  it("takes a refused connection as not arrived", async () => {
    expect(await post("http://127.0.0.1:1/")).toBe(false);
  });
});

it("all kinds of alerts are in docs/alerts.md", () => {
  const page = readFileSync(new URL("../../../docs/alerts.md", import.meta.url), "utf8");
  for (const kind of Object.keys(ALERT_KINDS)) expect(page).toContain(`\`${kind}\``);
});

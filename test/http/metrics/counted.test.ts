import { describe, expect, it } from "vitest";
import { createMetrics } from "../../../src/adapters/prometheus/metrics.ts";
import { COUNTERS } from "../../../src/adapters/prometheus/tally.ts";
import { createHttpServer } from "../../../src/http/server.ts";
import { sendRaw } from "../../process/raw.ts";
import { solveAltcha } from "../../support/altcha.ts";
import { listen } from "../../support/listen.ts";
import { createVisitor } from "../../support/visitor.ts";
import { bodyOf, MINUTE_MS, PHONE, phoneNo, start } from "../support.ts";
import { bearer, counted, open, readAll } from "./support.ts";

describe("the counters of /metrics", () => {
  it("count the outcomes of requests, sends, challenges, messages, guesses and device tokens", async () => {
    const world = await open({ CODE_ATTEMPTS: "2" });
    const { id } = await start(world, PHONE, { deviceToken: "forged.device.token" });
    const code = world.sms.lastCode();
    const guess = (text: string) => world.post("/v1/sessions", { verificationId: id, code: text });
    await guess(code === "000000" ? "000001" : "000000");
    await guess(code);
    await guess(code);
    await world.post("/v1/verifications", { phone: PHONE, captcha: { kind: "altcha", payload: "x" } });
    world.sms.answer({ status: "unavailable" });
    await world.post("/v1/verifications", { phone: "+8613900139000" });
    await world.post("/v1/verifications", { phone: "+8613900139000" });
    expect(await counted(world)).toEqual(
      expect.arrayContaining([
        'phonekey_http_requests_total{route="/v1/verifications",method="POST",status="201"} 1',
        'phonekey_http_requests_total{route="/v1/verifications",method="POST",status="403"} 1',
        'phonekey_http_requests_total{route="/v1/verifications",method="POST",status="503"} 1',
        'phonekey_http_requests_total{route="/v1/sessions",method="POST",status="201"} 1',
        'phonekey_http_requests_total{route="/v1/sessions",method="POST",status="401"} 2',
        'phonekey_send_decisions_total{decision="allow",check=""} 2',
        'phonekey_send_decisions_total{decision="deny",check="resend"} 1',
        'phonekey_challenge_verdicts_total{kind="altcha",verdict="invalid"} 1',
        'phonekey_messages_total{sender="test",status="accepted"} 1',
        'phonekey_messages_total{sender="test",status="unavailable"} 1',
        'phonekey_guesses_total{outcome="wrong"} 1',
        'phonekey_guesses_total{outcome="approved"} 1',
        'phonekey_guesses_total{outcome="dead"} 1',
        'phonekey_device_tokens_refused_total{reason="invalid"} 1',
      ]),
    );
  });

  it("count bad input to the native API and the functions API", async () => {
    const world = await open({ ALTCHA_COST: "1", RESEND_SECONDS: "1" });
    const [mine, others] = [phoneNo(1), phoneNo(2)];
    const ask = (more: object) => world.post("/v1/verifications", { phone: mine, ...more });
    const { accessToken, deviceToken } = await world.signIn(mine);
    await ask({ deviceToken: `${deviceToken.slice(0, -2)}AA` });
    await ask({ phone: others, deviceToken });
    await world.request("/v1/sessions?scope=all", { method: "DELETE", headers: bearer(accessToken) });
    world.clock.advance(5 * MINUTE_MS);
    await ask({ deviceToken });

    const solve = async () => {
      const offer = await world.post("/v1/challenges", { phone: others });
      return await solveAltcha((await bodyOf<{ puzzle: object }>(offer)).puzzle);
    };
    const [stale, used] = [await solve(), await solve()];
    world.clock.advance(MINUTE_MS);
    for (let n = 0; n < 2; n += 1) {
      await ask({ phone: others, captcha: used });
      world.clock.advance(MINUTE_MS);
    }
    await ask({ captcha: used });
    world.clock.advance(4 * MINUTE_MS);
    await ask({ phone: others, captcha: stale });

    await ask({ phone: "1".repeat(20_000) });
    for (const wrong of [{ phone: 5 }, { phone: [mine] }, { deviceToken: {} }, { captcha: "x" }])
      await ask(wrong);
    await world.post("/v1/verifications", { phone: "12" });
    const call = (query: string) => Promise.resolve(world.request(`/functions/sms?${query}`));
    for (const query of ["method=getSms", `method=x&phone=${mine.slice(3)}`, "method=getSms&phone=12"])
      await call(query);
    await call(`method=login&phone=${mine.slice(3)}&token=forged`);

    expect(await counted(world)).toEqual(
      expect.arrayContaining([
        'phonekey_device_tokens_refused_total{reason="invalid"} 1',
        'phonekey_device_tokens_refused_total{reason="foreign"} 1',
        'phonekey_device_tokens_refused_total{reason="ended"} 1',
        'phonekey_challenge_verdicts_total{kind="altcha",verdict="solved"} 2',
        // One was for another number, and one had expired.
        'phonekey_challenge_verdicts_total{kind="altcha",verdict="invalid"} 2',
        'phonekey_send_decisions_total{decision="challenge",check="captcha_used"} 1',
        'phonekey_refusals_total{refusal="captcha_required"} 3',
        'phonekey_refusals_total{refusal="request_too_large"} 1',
        'phonekey_refusals_total{refusal="invalid_request"} 4',
        'phonekey_refusals_total{refusal="invalid_phone"} 2',
        'phonekey_refusals_total{refusal="missing"} 1',
        'phonekey_refusals_total{refusal="noMethod"} 1',
        'phonekey_refusals_total{refusal="wrong_token"} 1',
      ]),
    );
  });

  it("count bad input to the pages", async () => {
    const world = await open();
    const visitor = createVisitor(world);
    await visitor.go("/sign-in");
    await visitor.go("/sign-in", { phone: "12", country: "CN" });
    await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
    await visitor.go("/sign-in/code");
    await visitor.go("/sign-in/code", { code: "x" });
    await visitor.go("/sign-in", { phone: PHONE, country: "CN" }, { origin: "https://evil.example" });
    await visitor.go("/sign-in", { phone: "1".repeat(20_000) }, { accept: "text/html" });
    expect(await counted(world)).toEqual(
      expect.arrayContaining(
        ["invalid_phone", "invalid_request", "forbidden_origin", "request_too_large"].map(
          (refusal) => `phonekey_refusals_total{refusal="${refusal}"} 1`,
        ),
      ),
    );
  });

  it("count alerts, also those that the periodic work raises", async () => {
    const world = await open({ SPEND_HOUR: "1 CNY", SMS_PRICES: "CNY, CN=1" });
    world.sms.answer({ status: "accepted", alert: { kind: "sms_balance", subject: "test" } });
    await start(world);
    await world.tick();
    expect(await counted(world)).toEqual(
      expect.arrayContaining([
        'phonekey_alerts_total{kind="sms_balance",change="raised"} 1',
        expect.stringMatching(/^phonekey_alerts_total\{kind="spend",change="raised"\} \d$/),
      ]),
    );
    // The log has them too, since without a webhook it is the only place.
    for (const kind of ["sms_balance", "spend"]) {
      const raised = { what: "raised", alert: expect.objectContaining({ kind }) };
      expect(world.logged).toContainEqual(expect.objectContaining(raised));
    }
  });

  it("count requests that reach no route", async () => {
    const world = await open();
    const answered: object[] = [];
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const metrics = { countRequest: (request: object) => void answered.push(request) };
    const port = await listen(createHttpServer(world.app, { log, metrics }));
    const headers = "Host: localhost\r\nConnection: close\r\n";
    await sendRaw(port, "no request at all\r\n\r\n");
    await sendRaw(port, `GET / HTTP/1.1\r\n${headers}Expect: the unexpected\r\n\r\n`);
    await sendRaw(port, `GET / HTTP/1.1\r\n${headers}${"X: y\r\n".repeat(600)}\r\n`);
    await sendRaw(port, `GET http:// HTTP/1.1\r\n${headers}\r\n`);
    expect(answered).toMatchObject([
      { route: "none", method: "", status: 400 },
      { route: "none", method: "GET", status: 400 },
      { route: "none", method: "GET", status: 431 },
      { route: "none", status: 400 },
    ]);
  });

  it("have no label with text of a caller, and hardly grow with such texts (promise 4)", async () => {
    const world = await open({
      LIMIT_ADDRESS_SENDS: "unlimited",
      GUARD_MODE: "off",
      ALLOWED_COUNTRIES: "all",
    });
    const { id } = await start(world);
    const code = world.sms.lastCode();
    /** Everything a caller can write into a request, with this text in it. */
    const say = async (text: string) => {
      const headers = { "user-agent": text, "x-request-id": text, authorization: text, cookie: text };
      const target = encodeURIComponent(text);
      for (const path of [
        `/${target}`,
        `/v1/${target}`,
        `/v1/verifications/${target}`,
        `/assets/${target}`,
      ]) {
        await world.request(`${path}?${target}=${target}`, { headers, method: "GET" });
      }
      await world.request(`/callbacks/tencent/${target}/status`, { method: "POST", headers, body: text });
      await world.request("/v1/me", { method: text.replace(/\W/g, "").toUpperCase(), headers });
      const captcha = { kind: text, payload: text };
      await world.post("/v1/verifications", { phone: text, purpose: text, locale: text, captcha });
      await world.post("/v1/verifications", {
        phone: PHONE,
        deviceToken: text,
        captcha: { ...captcha, kind: "altcha" },
      });
      await world.post("/v1/sessions", { verificationId: text, code: text });
      await world.post("/v1/sessions", { verificationId: id, code: text });
      await world.request(
        `/functions/sms?method=${target}&phone=${target}&code=${target}&sessionId=${target}`,
      );
      await world.request("/v1/healthz", {
        headers: { "x-forwarded-for": text, host: "h" },
        from: "10.0.0.1",
      });
    };
    const made = ["Canary one", PHONE, code, "203.0.113.7", 'x",y="1'];
    await say("first");
    const before = await counted(world);
    for (const text of made) await say(text);
    const [after, all] = [await counted(world), await readAll(world)];
    const names = (lines: readonly string[]) => lines.map((line) => line.replace(/ \d+$/, "")).sort();
    const own = all
      .split("\n")
      .filter((line) => line.startsWith("phonekey_"))
      .join("\n");
    for (const text of [...made, "Canary", "CANARY", "FIRST", PHONE.slice(1), id])
      expect(own).not.toContain(text);
    const added = names(after).filter((name) => !names(before).includes(name));
    expect(added.length).toBeLessThan(12);
  });
});

it("each counter has one name by the rules of Prometheus, a short help text and labels", async () => {
  const metrics = createMetrics();
  const { text } = await metrics.read();
  for (const { name, help, labels } of Object.values(COUNTERS)) {
    expect(name).toMatch(/^phonekey_[a-z_]+_total$/);
    expect(text.split(`# HELP ${name} `)).toHaveLength(2);
    expect(help.length).toBeLessThan(140);
    expect(labels.length).toBeGreaterThan(0);
  }
});

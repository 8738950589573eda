import { Secret, TOTP } from "otpauth";
import { expect } from "vitest";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, type ProblemBody, start, type VerificationBody } from "../support.ts";

/** The body of `second_factor_required`. */
export interface Challenged extends ProblemBody {
  readonly challenge: string;
  readonly methods: readonly string[];
}

export type Person = Pick<OpenedSession, "accessToken">;

/** Settings that lift all limits but those of factors. */
export const UNLIMITED = {
  LIMIT_PHONE_SENDS: "unlimited",
  LIMIT_ADDRESS_SENDS: "unlimited",
  LIMIT_ADDRESS_CHECKS: "unlimited",
  GUARD_MODE: "off",
};

/** Calls about second factors, in the world of the current test. */
export function factorCalls(world: () => World) {
  const send = (method: string, path: string, person: Person, body?: object) =>
    Promise.resolve(
      world().request(path, {
        method,
        headers: { ...bearer(person.accessToken), ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
  const post = (path: string, person: Person, body?: object) => send("POST", path, person, body);

  /** The code of an app at the time of the world. */
  const codeOf = (secret: string, at = world().clock.now()) =>
    new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period: 30 }).generate({
      timestamp: at,
    });

  const raise = (person: Person, evidence: object) => post("/v1/sessions/current/step-up", person, evidence);

  /** Raises the session by an SMS code. */
  async function confirmed(person: Person): Promise<Person> {
    const asked = await post("/v1/verifications", person, { purpose: "second_factor" });
    expect(asked.status).toBe(201);
    const { id: verificationId } = await bodyOf<VerificationBody>(asked);
    const raised = await raise(person, { verificationId, code: world().sms.lastCode() });
    expect(raised.status).toBe(200);
    return await bodyOf<Person>(raised);
  }

  /** Adds an app; resolves with its secret and id. Its code of this step is used. */
  async function addApp(person: Person): Promise<{ readonly id: string; readonly secret: string }> {
    const proposed = await post("/v1/me/factors/totp", person);
    expect(proposed.status).toBe(201);
    const app = await bodyOf<{ id: string; secret: string }>(proposed);
    const confirmed = await post(`/v1/me/factors/totp/${app.id}/confirm`, person, {
      code: codeOf(app.secret),
    });
    expect(confirmed.status).toBe(204);
    return app;
  }

  /** A visitor who has just signed in and is shown a new app's secret, and the form with its first code. */
  async function atNewApp() {
    const visitor = createVisitor(world());
    await visitor.enter();
    await visitor.go("/account/factors");
    const { text } = await visitor.go("/account/factors/app", {});
    const [, id = ""] = /name="id" value="([^"]+)"/.exec(text) ?? [];
    const [, secret = ""] = /<code translate="no">([A-Z2-7 ]+)</.exec(text) ?? [];
    return { visitor, form: { id, code: codeOf(secret.replaceAll(" ", "")) } };
  }

  const protect = (person: Person, when: string) => send("PUT", "/v1/me/login-protection", person, { when });

  /** A verification of another number and its code, for the account to move to it. */
  async function changeProof(person: Person, phone: string) {
    const asked = await post("/v1/verifications", person, { purpose: "change_phone", phone });
    const { id: verificationId } = await bodyOf<{ id: string }>(asked);
    return { verificationId, code: world().sms.lastCode(phone) };
  }

  /** Asks for the account to move to another number, with its code. */
  const moved = async (person: Person, phone: string) =>
    await send("PUT", "/v1/me/phone", person, await changeProof(person, phone));

  /** A user whose login protection asks for a code of their app. */
  async function protectedBy(phone: string, when = "always") {
    const person = await world().signIn(phone);
    const app = await addApp(person);
    expect((await protect(person, when)).status).toBe(204);
    world().clock.advance(60_000);
    return { person, app };
  }

  /** The first step of a sign-in by SMS. */
  async function firstStep(phone: string, more: object = {}): Promise<Response> {
    const { id: verificationId } = await start(world(), phone, more);
    const body = { verificationId, code: world().sms.lastCode(phone), ...more };
    return await world().post("/v1/sessions", body);
  }

  async function challenged(phone: string, more: object = {}): Promise<Challenged> {
    const response = await firstStep(phone, more);
    const problem = await bodyOf<Challenged>(response);
    expect(problem).toMatchObject({ code: "second_factor_required", status: 403 });
    return problem;
  }

  const secondStep = (challenge: string, evidence: object) =>
    Promise.resolve(world().post("/v1/sessions", { challenge, ...evidence }));

  return {
    send,
    post,
    codeOf,
    raise,
    confirmed,
    addApp,
    atNewApp,
    changeProof,
    moved,
    protect,
    protectedBy,
    firstStep,
    challenged,
    secondStep,
  };
}

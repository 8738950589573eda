import { describe, expect, it } from "vitest";
import { MINUTE_MS, PHONE, phoneNo, refused, resend, SECOND_MS } from "../http/support.ts";
import { bearer, createWorld } from "../support/world.ts";
import { key, proven, shop, started, useShop, world } from "./shop.ts";
import { apiKey, backendOf, check, DAY, revoke } from "./support.ts";

useShop();

describe("an API key", () => {
  const body = { phone: PHONE, purpose: "verify_identity" };
  const startWith = (headers: Record<string, string>, from?: string) =>
    world.post("/v1/verifications", body, headers, from);

  it("is required, and checked before the body", async () => {
    await refused(await startWith({}), "invalid_api_key");
    const bad = [`pk_${"A".repeat(43)}`, "pk_", `${key}x`, key.slice(0, -1), key.toUpperCase()];
    for (const wrong of bad) await refused(await startWith(bearer(wrong)), "invalid_api_key");
    const noBody = await world.post("/v1/proofs/redeem", "nonsense");
    await refused(noBody, "invalid_api_key");
    const { accessToken } = await world.signIn(phoneNo(3));
    await refused(await startWith(bearer(accessToken)), "invalid_api_key");
    expect(world.sms.sent.filter(({ purpose }) => purpose === "verify_identity")).toHaveLength(0);
  });

  it("opens nothing that takes an access token", async () => {
    await refused(await world.request("/v1/me", { headers: bearer(key) }), "invalid_token");
  });

  it("is over when it expired or was revoked; its verifications and proofs end with it", async () => {
    const { id } = await started();
    const code = world.sms.lastCode();
    const { proof } = await proven({ phone: phoneNo(4) });
    await revoke(world);
    await refused(await startWith(bearer(key)), "invalid_api_key");
    await refused(await shop().redeem(proof), "invalid_api_key");
    world.clock.advance(MINUTE_MS);
    await refused(await resend(world, id), "not_found");
    await refused(await check(world, id, code), "invalid_code");
    const short = await apiKey(world, { client: "short", expiresAt: world.clock.now() + SECOND_MS });
    world.clock.advance(SECOND_MS);
    await refused(await startWith(bearer(short)), "invalid_api_key");
    expect(world.logged).toContainEqual({
      problem: { client: "short", reason: "expired" },
      message: "an API key was refused",
    });
  });

  it("stays valid beside the one that replaces it until the overlap is over", async () => {
    const next = await apiKey(world, { expiresAt: world.clock.now() + 2 * DAY });
    const { proof } = await proven();
    expect((await backendOf(world, next).redeem(proof)).status).toBe(200);
    world.clock.advance(DAY);
    await refused(await startWith(bearer(key)), "invalid_api_key");
    expect((await startWith(bearer(next))).status).toBe(201);
  });

  it("is refused from a foreign network or an unknown address", async () => {
    const home = await apiKey(world, { client: "home", networks: ["198.51.100.0/24", "2001:db8::/32"] });
    await refused(await startWith(bearer(home), "203.0.113.7"), "invalid_api_key");
    await refused(
      await startWith({ ...bearer(home), "x-forwarded-for": "198.51.100.1" }, "10.0.0.1"),
      "invalid_api_key",
    );
    expect((await startWith(bearer(home), "198.51.100.77")).status).toBe(201);
    expect(world.logged).toContainEqual({
      problem: { client: "home", reason: "foreign_network" },
      message: "an API key was refused",
    });
  });

  it("starts and redeems only its own purposes", async () => {
    const { proof } = await proven();
    const narrow = await apiKey(world, { purposes: ["sign_in"] });
    await refused(await backendOf(world, narrow).redeem(proof), "purpose_not_allowed", "proof");
    expect((await shop().redeem(proof)).status).toBe(200);
    world.clock.advance(MINUTE_MS);
    const other = await apiKey(world, { client: "other", purposes: ["sign_in"] });
    await refused(await startWith(bearer(other)), "purpose_not_allowed", "purpose");
    const signIn = await backendOf(world, other).start({ phone: PHONE });
    expect(signIn.status).toBe(201);
    await refused(await shop().start({ phone: PHONE }), "purpose_not_allowed", "purpose");
  });

  it("has a limit of sends that includes resends, and not the sends of other backends", async () => {
    const few = await apiKey(world, { client: "few", sends: [{ max: 2, windowMs: DAY }] });
    const by = backendOf(world, few);
    const { id } = await started({ phone: phoneNo(5) }, by);
    world.clock.advance(MINUTE_MS);
    expect((await resend(world, id)).status).toBe(200);
    await refused(await by.start({ ...body, phone: phoneNo(6) }), "too_many_requests");
    expect((await shop().start({ ...body, phone: phoneNo(6) })).status).toBe(201);
  });

  it("gets its limit back from the record of messages if the store of limits was lost", async () => {
    const few = await apiKey(world, { client: "few", sends: [{ max: 1, windowMs: DAY }] });
    await started({}, backendOf(world, few));
    const { folder, clock } = world;
    const other = await createWorld({ folder, clock, env: { STATE_URL: "memory:" } });
    const by = backendOf(other, few);
    await refused(await by.start({ ...body, phone: phoneNo(6) }), "too_many_requests");
    clock.advance(DAY);
    await refused(await by.start({ ...body, phone: phoneNo(6) }), "invalid_api_key");
    await other.close();
  });

  it("does not show in the log; the name of its backend does", async () => {
    await started();
    const logged = JSON.stringify(world.logged);
    expect(logged).toContain('"backend":"shop"');
    expect(logged).not.toContain("pk_");
  });
});

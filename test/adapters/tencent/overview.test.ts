import { describe, expect, it } from "vitest";
import { overviewOf, standings } from "../../../src/adapters/tencent/overview.ts";
import type { SmsAdmin } from "../../../src/adapters/tencent/sms-admin.ts";

const SIGNATURE = {
  id: 1,
  name: "腾讯云",
  status: "approved",
  reply: "",
  qualification: "approved",
} as const;
const TEMPLATE = { id: 11, name: "Phonekey sign-in", text: "{1}", status: "in_review", reply: "" } as const;
const REJECTED = { ...TEMPLATE, id: 12, status: "rejected", reply: "too vague" } as const;
const ACCOUNT = { signatures: [SIGNATURE], templates: [TEMPLATE, REJECTED] };

describe("standings", () => {
  it("lists only what the settings name", () => {
    expect(standings(ACCOUNT, { signatures: ["腾讯云"], templateIds: ["11"] })).toEqual([
      { what: "signature", name: "腾讯云", id: 1, status: "approved" },
      { what: "template", name: "Phonekey sign-in", id: 11, status: "in_review" },
    ]);
  });

  it("lists everything with the reviewer's words if the settings name nothing", () => {
    const all = standings(ACCOUNT, { signatures: [], templateIds: [] });
    expect(all.map(({ id }) => id)).toEqual([1, 11, 12]);
    expect(all[2]).toMatchObject({ status: "rejected", reply: "too vague" });
  });

  it("lists as missing what the settings name and the account does not have", () => {
    expect(standings(ACCOUNT, { signatures: ["别的"], templateIds: ["99"] })).toEqual([
      { what: "signature", name: "别的", status: "missing" },
      { what: "template", name: "99", status: "missing" },
    ]);
  });
});

describe("overviewOf", () => {
  const now = Date.UTC(2026, 10, 25);
  const packages = [
    { id: 1, amount: 10, used: 1, expiresAt: now + 1 },
    { id: 2, amount: 10, used: 1, expiresAt: now },
  ];
  const admin = {
    signatures: async () => ACCOUNT.signatures,
    templates: async () => ACCOUNT.templates,
    packages: async () => packages,
    statistics: async () => ({ requested: 3, accepted: 2, charged: 2 }),
  } as unknown as SmsAdmin;

  it("leaves out expired packages", async () => {
    const { packages: live, statistics } = await overviewOf(admin, "1400006666", now);
    expect(live).toEqual([packages[0]]);
    expect(statistics).toEqual({ requested: 3, accepted: 2, charged: 2 });
  });

  it("does not ask for the balance without an application", async () => {
    expect(await overviewOf(admin, undefined, now)).toEqual(ACCOUNT);
  });
});

import { expect, test } from "vitest";
import { checkNotices, tellMissingNotices } from "../../src/compose/notices.ts";
import type { Log } from "../../src/http/context.ts";
import { config, TENCENT } from "../config/load.ts";

function toldAtStart(env: Readonly<Record<string, string>>): object[] {
  const told: object[] = [];
  const note: Log["warn"] = (fields) => void told.push(fields);
  tellMissingNotices(config(env), { info: note, warn: note, error: note });
  return told;
}

test("doctor and log name the kinds of notices that are sent and have no template", () => {
  const env = { ...TENCENT, TENCENT_SMS_TEMPLATE_ID_PHONE_CHANGED: "1111" };
  const [finding] = checkNotices(config(env));
  expect(finding).toMatchObject({ status: "warn" });
  expect(finding?.says).toContain("TENCENT_SMS_TEMPLATE_ID_PHONE_CHANGE_STARTED");
  expect(finding?.says).toContain("no account moves to another number");
  expect(finding?.says).not.toContain("TENCENT_SMS_TEMPLATE_ID_PHONE_CHANGED");
  expect(finding?.says).not.toContain("INTERNATIONAL");
  expect(toldAtStart(env)).toMatchObject([
    { missing: expect.arrayContaining(["TENCENT_SMS_TEMPLATE_ID_PASSWORD_CHANGED"]) },
  ]);
});

test("doctor and log name no notice if the sender carries every text", () => {
  expect(checkNotices(config({}))).toEqual([]);
  expect(toldAtStart({})).toEqual([]);
});

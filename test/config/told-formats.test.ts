import { expect, it } from "vitest";
import { problems, useFolder } from "./load.ts";

useFolder();

it.each([
  ["TENCENT_CAPTCHA_DISASTER_TICKETS", "true", "unlimited"],
  ["IMPORT_DATABASE_URL", "postgres://db", "sqlite"],
])("a refusal of %s names no form that would be refused, too", (name, text, refused) => {
  const problem = problems({ [name]: text })[name];
  expect(problem).toMatch(/^must be /);
  expect(problem).not.toContain(refused);
});

it.each(["LIMIT_PHONE_SENDS", "TENCENT_CAPTCHA_DISASTER_TICKETS"])(
  "a refusal of %s for its window says how long one may be",
  (name) => {
    expect(problems({ [name]: "20/31d" })[name]).toContain("30 days at most");
  },
);

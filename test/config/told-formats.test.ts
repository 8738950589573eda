import { expect, it } from "vitest";
import { problems, useFolder } from "./load.ts";

useFolder();

it.each([
  ["TENCENT_CAPTCHA_DISASTER_TICKETS", "true", "unlimited"],
  ["IMPORT_DATABASE_URL", "postgres://db", "sqlite"],
])("the problem with %s suggests no form that is refused for it, too", (name, text, refused) => {
  const problem = problems({ [name]: text })[name];
  expect(problem).toMatch(/^must be /);
  expect(problem).not.toContain(refused);
});

it.each(["LIMIT_PHONE_SENDS", "TENCENT_CAPTCHA_DISASTER_TICKETS"])(
  "the problem with a window of %s that is too long says how long it may be",
  (name) => {
    expect(problems({ [name]: "20/31d" })[name]).toContain("30 days at most");
  },
);

import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { onInterrupt } from "../../src/cli/interrupt.ts";
import { usersCommand } from "../../src/cli/users/users.ts";
import { createWorld } from "../support/world.ts";
import { runCommand } from "./run.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const listeners = () => SIGNALS.map((each) => process.listenerCount(each));

test.each(SIGNALS)(
  "the first %s asks the command to stop; later signals are left to Node.js, which ends the process",
  (signal) => {
    const before = listeners();
    const interrupt = onInterrupt();
    expect(interrupt.isAsked()).toBe(false);
    process.emit(signal);
    expect(interrupt.isAsked()).toBe(true);
    expect(listeners()).toEqual(before);
  },
);

test("users export removes its signal listeners when it ends", async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const url = `sqlite:${world.folder}/data/phonekey.db`;
  const env = { DATABASE_URL: url, PHONEKEY_SECRETS: world.config.secrets.join(",") };
  const before = listeners();
  const file = join(world.folder, "users.ndjson");
  expect(await runCommand(usersCommand(), ["export", "--file", file], env)).toMatchObject({ code: 0 });
  expect(listeners()).toEqual(before);
});

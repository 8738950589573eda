import { expect, test } from "vitest";
import { messagesCommand } from "../../src/cli/messages.ts";
import { recordOf } from "../../src/compose/tools/messages.ts";
import { PHONE, start } from "../http/support.ts";
import type { World } from "../support/world.ts";
import { createWebhookWorld, reply, taken } from "../webhook/support.ts";
import { runCommand } from "./run.ts";

async function messages({ config }: World, ...more: readonly string[]): Promise<string> {
  const env = {
    DATABASE_URL: `sqlite:${config.database.kind === "sqlite" && config.database.path}`,
    PHONEKEY_SECRETS: config.secrets.join(","),
  };
  const { code, stdout } = await runCommand(messagesCommand(), [PHONE, ...more], env);
  expect(code).toBe(0);
  return stdout;
}

test("messages prints a reply without its control characters", async () => {
  const { world, tell } = await createWebhookWorld();
  await start(world);
  await taken(tell(reply("on\u001b[2J\u009b1m\r\n\u202e\u200b\u007fce \\")));
  const printed = await messages(world);
  expect(printed).toContain('  replied: "on [2J 1m     ce \\\\"\n');
  expect(printed.replaceAll("\n", "")).not.toMatch(/\p{C}/u);
});

test("messages --json prints a message without its phone, phone tag, idempotency key and verification id", async () => {
  const { world } = await createWebhookWorld();
  await start(world, PHONE, {}, { "idempotency-key": "0b6d7d1e-6d6f-4b6c-9d55-6c1e5f1c2a30" });
  const record = await recordOf(world.config, PHONE);
  const { sealedPhone, phoneTag, idempotency, verificationId, ...shown } = record?.messages[0] ?? {};
  for (const kept of [sealedPhone, phoneTag, idempotency, verificationId]) expect(kept).toBeDefined();
  const printed = JSON.parse(await messages(world, "--json")) as object;
  expect(printed).toEqual({ messages: [shown], replies: [], isOptedOut: false });
});

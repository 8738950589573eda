import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { numbersCommand } from "../../src/cli/numbers.ts";
import { TENCENT } from "../config/load.ts";
import { DAY_MS, PHONE, start } from "../http/support.ts";
import { createTestClock, createWorld } from "../support/world.ts";
import { runCommand } from "./run.ts";

const REASON = "ticket 4711: shown their passport";
const TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";

/** The database and the `numbers` command of a world in which `PHONE` asked for a code now. */
async function asked() {
  const now = Date.now();
  const world = await createWorld({ clock: createTestClock(now) });
  onTestFinished(() => world.close());
  await start(world);
  const url = `sqlite:${world.folder}/data/phonekey.db`;
  const { db, close } = await openSqlite(url);
  onTestFinished(close);
  const { phone_tag } = await db.selectFrom("messages").select("phone_tag").executeTakeFirstOrThrow();
  const own = { DATABASE_URL: url, PHONEKEY_SECRETS: world.config.secrets.join(",") };
  const numbers = async (args: readonly string[], env: object = {}) =>
    (await runCommand(numbersCommand(), args, { ...own, ...env })).stdout;
  return { db, phone_tag, now, numbers };
}

test("numbers show prints a line for all that delays or stops messages: test number, limits, sender, opt-out", async () => {
  const { db, phone_tag, now, numbers } = await asked();
  const heldUntil = now + DAY_MS;
  await db.updateTable("messages").set({ sender: "tencent", held_until: heldUntil }).execute();
  await db.insertInto("opt_outs").values({ id: "o", phone_tag, sealed_phone: "", at: now }).execute();
  const guess = { id: "g", phone_tag, bucket: "device" as const, at: now, code_length: 6 };
  await db.insertInto("failures").values(guess).execute();
  const until = new Date(now + 2 * DAY_MS).toISOString().slice(0, 10);
  const env = { ...TENCENT, TEST_NUMBERS: `${PHONE}=384756@${until}`, RESEND_SECONDS: "600" };
  expect((await numbers(["show", PHONE], env)).split("\n")).toEqual([
    "+86 138••••8000",
    expect.stringMatching(RegExp(`^a test number until ${TIME}: it gets no message$`)),
    "strangers: 0 wrong guesses in 30 days; 9 free at 6 digits",
    `strangers: next message from ${new Date(now + 600_000).toISOString()} (limit \`resend\`)`,
    "known devices: 1 wrong guess in 30 days; 8 free at 6 digits",
    "known devices: next message now",
    "messages: 1 taken by the provider; no report yet",
    `messages: the last one ${new Date(now).toISOString()}`,
    `the sender takes nothing for it before ${new Date(heldUntil).toISOString()}`,
    "opted out of what was not asked for; codes, and what there is a day to stop, still come",
    "",
  ]);
  expect(await numbers(["show", "+447400123456"])).toContain("\nmessages: none on record\n");
});

test("numbers show counts messages by status: in the words of `phonekey messages`, and as stored with --json", async () => {
  const { db, numbers } = await asked();
  const message = await db.selectFrom("messages").selectAll().executeTakeFirstOrThrow();
  const refused = { ...message, id: "refused", status: "bad_number" as const };
  const toTestNumber = { ...message, id: "to-test", sender: "test-number" };
  await db.insertInto("messages").values([refused, toTestNumber]).execute();
  const counts = (await numbers(["show", PHONE])).split("\n").filter((line) => /^messages: \d/.test(line));
  expect(counts.sort()).toEqual([
    "messages: 1 not sent: a test number",
    "messages: 1 refused: this number gets no messages",
    "messages: 1 taken by the provider; no report yet",
  ]);
  const { messages } = JSON.parse(await numbers(["show", PHONE, "--json"])) as Record<string, object>;
  expect(messages).toEqual({ accepted: 1, bad_number: 1, test_number: 1 });
});

test("numbers unlock gives a spent number three guesses and says when the next unlock may be; show prints its reason", async () => {
  const { db, phone_tag, now, numbers } = await asked();
  const guesses = [6, 8].flatMap((code_length) =>
    Array.from({ length: 9 }, (_, n) => {
      const id = `${code_length}-${n}`;
      return { id, phone_tag, bucket: "stranger" as const, at: now, code_length };
    }),
  );
  await db.insertInto("failures").values(guesses).execute();
  const freeFrom = new Date(now + DAY_MS).toISOString();
  const strangers = "strangers: 9 wrong guesses in 30 days, spent;";
  expect(await numbers(["show", PHONE])).toContain(`\n${strangers} none free before ${freeFrom}\n`);
  const unlock = ["unlock", PHONE, "--reason", REASON];
  expect(await numbers(unlock)).toMatch(/^Strangers have 3 more guesses, for a day\. /);
  expect(await numbers(unlock)).toMatch(RegExp(`^Not unlocked: .*, next from ${TIME}\\.\n$`));
  const shown = await numbers(["show", PHONE]);
  expect(shown).toContain(`\n${strangers} 3 free at 6 digits, 3 left of an unlock\n`);
  expect(shown).toMatch(RegExp(`\n${TIME}  unlocked: "${REASON}"\n$`));
});

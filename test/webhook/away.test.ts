import { expect, it } from "vitest";
import { UnavailableError } from "../../src/core/refusals.ts";
import { PHONE, refused, start } from "../http/support.ts";
import { keptIn } from "../tencent/replies.ts";
import { createWebhookWorld, delivered, failed, reply, taken } from "./support.ts";

/** A world whose database can go away and come back. */
async function withDatabase() {
  let away: RegExp | undefined;
  const onStatement = (sql: string) => {
    if (away?.test(sql)) throw new UnavailableError("the database", { cause: new Error("away") });
  };
  const webhook = await createWebhookWorld({}, { parts: { onStatement } });
  const goesAway = (statements = /./) => {
    away = statements;
  };
  const comesBack = () => {
    away = undefined;
  };
  return { ...webhook, goesAway, comesBack };
}

it("a report is refused while the database is away, and recorded when it is posted again", async () => {
  const { world, tell, last, lastMessage, goesAway, comesBack } = await withDatabase();
  await start(world);
  const { id } = last();
  for (const statements of [/./, /^update .?messages/i]) {
    goesAway(statements);
    const answer = await tell(failed(id, { code: "UNDELIV" }), { id: "same" });
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    await refused(answer, "unavailable");
    comesBack();
    expect((await lastMessage()).status).toBe("accepted");
  }
  await taken(tell(failed(id, { code: "UNDELIV" }), { id: "same" }));
  expect(await lastMessage()).toMatchObject({ status: "failed", report_code: "UNDELIV" });
});

it("a reply that opts out is refused while the database is away, and opts out when it is posted again", async () => {
  const { world, tell, goesAway, comesBack } = await withDatabase();
  await start(world);
  goesAway(/opt_outs/);
  await refused(await tell(reply("TD")), "unavailable");
  comesBack();
  expect(await keptIn(world.folder)).toEqual({ replies: 1, optOuts: 0 });
  await taken(tell(reply("TD")));
  expect(await keptIn(world.folder)).toEqual({ replies: 1, optOuts: 1 });
});

/** A message that the service took, whose answer was not written down. */
async function cutOff() {
  const webhook = await withDatabase();
  webhook.answer((response) => {
    webhook.goesAway();
    response.writeHead(202).end();
  });
  await refused(await webhook.world.post("/v1/verifications", { phone: PHONE }), "unavailable");
  webhook.comesBack();
  expect((await webhook.lastMessage()).status).toBe("sending");
  return webhook;
}

it("a report of a message whose answer was not recorded is recorded by a tick two minutes later", async () => {
  const { world, tell, last, lastMessage } = await cutOff();
  await taken(tell(delivered(last().id)), false);
  expect(await world.tick()).toMatchObject({ done: { reports: 0 } });
  world.clock.advance(119_999);
  expect(await world.tick()).toMatchObject({ done: { reports: 0 } });
  world.clock.advance(1);
  expect(await world.tick()).toMatchObject({ done: { reports: 1 } });
  expect(await lastMessage()).toMatchObject({ status: "delivered", report_code: "DELIVRD" });
});

it("a report of a message whose answer was not recorded two minutes ago is recorded at once if the phone fits", async () => {
  const { world, tell, last, lastMessage } = await cutOff();
  world.clock.advance(120_000);
  await taken(tell(failed(last().id, { to: "+8613900139000" })), false);
  await taken(tell(failed(last().id)));
  expect((await lastMessage()).status).toBe("failed");
});

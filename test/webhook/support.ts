import { createHmac, randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { expect, onTestFinished } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import type { Parts } from "../../src/compose.ts";
import type { Clock } from "../../src/core/ports.ts";
import { PHONE, start } from "../http/support.ts";
import { listen } from "../support/listen.ts";
import { createWorld, type World } from "../support/world.ts";

export const SECRETS = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "bmV4dCBzZWNyZXQgb2YgdGhlIHdlYmhvb2s="];
export const PATH = "/callbacks/webhook";

/** What the service was asked to send. */
export interface Posted {
  readonly id: string;
  readonly to: string;
  readonly code: string;
}

/** How the service answers from now on. */
type Answer = (response: ServerResponse, posted: Posted) => void;

export interface WebhookWorld {
  readonly world: World;
  readonly posted: Posted[];
  answer(next: Answer): void;
  /** Posts to Phonekey, signed as the service signs. */
  tell(body: unknown, how?: Signing): Promise<Response>;
  /** The last message that it was asked to send. */
  last(): Posted;
  /** The record of the last message. */
  lastMessage(): Promise<Readonly<Record<string, unknown>>>;
}

export interface Signing {
  readonly secret?: string;
  readonly id?: string;
  /** Seconds since 1970. */
  readonly at?: number | string;
  /** Headers in place of the right ones. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Headers of Standard Webhooks, made as its document says and not by Phonekey's code. */
export function signed(body: string, { secret = SECRETS[0] ?? "", id = randomUUID(), at = 0 }: Signing = {}) {
  const mac = createHmac("sha256", Buffer.from(secret, "base64")).update(`${id}.${at}.${body}`);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,${mac.digest("base64")}`,
  };
}

/** A whole Phonekey that sends by the operator's service, and that service. */
export async function createWebhookWorld(
  env: Readonly<Record<string, string>> = {},
  options: {
    readonly settings?: Readonly<Record<string, string>>;
    readonly clock?: Clock;
    readonly parts?: Parts;
  } = {},
): Promise<WebhookWorld> {
  const posted: Posted[] = [];
  let answer: Answer = (response, { id }) => response.writeHead(202).end(JSON.stringify({ id: `sm-${id}` }));
  const server = createServer(async (request, response) => {
    const { data } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const message = { ...data, id: String(request.headers["webhook-id"]) };
    posted.push(message);
    answer(response, message);
  });
  const settings = options.settings ?? {
    SMS_SENDER: "webhook",
    SMS_WEBHOOK: `http://127.0.0.1:${await listen(server)}`,
    SMS_WEBHOOK_SECRET: SECRETS.join(","),
  };
  const world = await createWorld({
    env: { ...settings, ...env },
    inbox: true,
    parts: { ...options.parts, ...(options.clock && { clock: options.clock }) },
  });
  onTestFinished(() => world.close());
  return {
    world,
    posted,
    answer: (next) => {
      answer = next;
    },
    async tell(body, how = {}) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const at = how.at ?? Math.floor((options.clock ?? world.clock).now() / 1_000);
      const headers = { "content-type": "application/json", ...signed(text, { ...how, at }), ...how.headers };
      return await world.request(PATH, { method: "POST", headers, body: text });
    },
    last: () => posted.at(-1) ?? { id: "", to: "", code: "" },
    async lastMessage() {
      const database = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
      const [row = {}] = await database.db
        .selectFrom("messages")
        .selectAll()
        .orderBy("created_at", "desc")
        .orderBy("id", "desc")
        .limit(1)
        .execute();
      await database.close();
      return row;
    },
  };
}

/** Such a world in which a message was sent. */
export async function sent(env: Readonly<Record<string, string>> = {}) {
  const webhook = await createWebhookWorld(env);
  await start(webhook.world);
  return { ...webhook, id: webhook.last().id };
}

export function delivered(id: string, more: object = {}): object {
  return { type: "sms.delivered", data: { id, to: PHONE, ...more } };
}

export function failed(id: string, more: object = {}): object {
  return { type: "sms.failed", data: { id, to: PHONE, ...more } };
}

export function reply(text: string, more: object = {}): object {
  return { type: "sms.reply", timestamp: "2027-01-15T08:00:00Z", data: { from: PHONE, text, ...more } };
}

/** Asserts that the post was accepted, and whether it fitted a message. */
export async function taken(answer: Promise<Response>, noted = true): Promise<void> {
  const response = await answer;
  expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: { noted } });
}

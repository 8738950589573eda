import type { Context } from "hono";
import { z } from "zod";
import { MOST_PROVIDER_ID } from "../../core/delivery/receipt-ports.ts";
import { type Phone, phoneInE164 } from "../../core/phone.ts";
import type { Env, HttpDeps, SignedPost } from "../context.ts";
import { problem } from "../problem.ts";
import { parse, readJson } from "../schema.ts";

const SENDER = "webhook";

const PhoneNumber = z.string().transform((text, context): Phone => {
  const phone = phoneInE164(text);
  if (phone) return phone;
  context.addIssue("must be a phone number in E.164, such as +8613800138000");
  return z.NEVER;
});

const Time = z.iso.datetime({ offset: true, error: "must be a time such as 2026-11-25T12:30:00Z" });

const Reported = z.strictObject({
  id: z
    .string()
    .regex(/^[!-~]+$/, "must be the id that was answered, or the webhook-id of the message")
    .max(MOST_PROVIDER_ID, `must have at most ${MOST_PROVIDER_ID} characters`),
  to: PhoneNumber,
  code: z
    .string()
    .regex(/^[ -~]{1,64}$/, "must be 1 to 64 printable ASCII characters")
    .optional(),
});

const Body = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("sms.delivered"), timestamp: Time.optional(), data: Reported }),
    z.strictObject({ type: z.literal("sms.failed"), timestamp: Time.optional(), data: Reported }),
    z.strictObject({
      type: z.literal("sms.reply"),
      timestamp: Time,
      data: z.strictObject({ from: PhoneNumber, text: z.string() }),
    }),
  ],
  {
    error: ({ code }) =>
      code === "invalid_union" ? "must be `sms.delivered`, `sms.failed` or `sms.reply`" : undefined,
  },
);

/**
 * Takes reports of the operator's service on messages that it accepted, and people's replies: a Standard Webhook. The
 * service is told whether the report matched anything of ours. A repeated report changes nothing.
 */
export async function receiveWebhook(
  c: Context<Env>,
  deps: HttpDeps,
  isGenuine: (post: SignedPost) => boolean,
): Promise<Response> {
  const body = await c.req.arrayBuffer();
  const header = (name: string) => c.req.header(`webhook-${name}`) ?? "";
  const signed = { id: header("id"), timestamp: header("timestamp"), signature: header("signature") };
  if (!isGenuine({ ...signed, body: new Uint8Array(body) })) return problem(c, { code: "invalid_signature" });
  const json = readJson(body);
  if (!json.ok) return problem(c, json.refusal);
  const read = parse(Body, json.value);
  if (!read.ok) return problem(c, read.refusal);
  const noted = await note(read.value, deps);
  deps.log.info({ requestId: c.get("requestId"), type: read.value.type, noted }, "told by the webhook");
  return c.json({ noted });
}

/** Whether the report was about a message of ours, or a reply from somebody who had one. */
async function note(told: z.output<typeof Body>, { phonekey }: HttpDeps): Promise<boolean> {
  if (told.type === "sms.reply") {
    const { from: phone, text } = told.data;
    return await phonekey.receipts.reply({ phone, text, writtenAt: Date.parse(told.timestamp) / 1_000 });
  }
  const { id, to: phone, code } = told.data;
  const outcome = told.type === "sms.delivered" ? "delivered" : "failed";
  const report = { providerId: id, messageId: id, phone, outcome, code: code ?? NO_CODE[outcome] } as const;
  return (await phonekey.receipts.note(SENDER, [report])) > 0;
}

/** The codes for it that most carriers use (SMPP 3.4, section 5.2.28). */
const NO_CODE = { delivered: "DELIVRD", failed: "UNKNOWN" } as const;

import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { MOST_PROVIDER_ID } from "../../core/delivery/receipt-ports.ts";
import type { CarrierReport } from "../../core/delivery/receipts.ts";
import { phoneInE164 } from "../../core/phone.ts";
import { equalSecrets } from "../../core/secrets.ts";
import type { Env, HttpDeps } from "../context.ts";

/** Room for a hundred reports that are each several times as long as real ones. */
const MAX_BODY_BYTES = 128 * 1024;
const MOST_REPORTS = 100;

/** The answer that the cloud expects; after any other answer it calls twice more. */
const TAKEN = { result: 0, errmsg: "OK" };

/**
 * The cloud signs nothing, so the address itself is the secret. All secrets are compared, even after one has matched.
 */
export function knowsSecret(c: Context<Env>, { settings }: HttpDeps): boolean {
  const given = c.req.param("secret") ?? "";
  return settings.callbackSecrets.map((secret) => equalSecrets(given, secret)).includes(true);
}

export const callbackLimit = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => c.json({ result: 1, errmsg: "too large" }, 413),
});

const text = (most: number) => z.union([z.string().max(most), z.number()]).transform(String);

const StatusItem = z.object({
  nationcode: text(5),
  mobile: text(20),
  report_status: z.enum(["SUCCESS", "FAIL"]),
  errmsg: z.string().nullish(),
  sid: z.string().min(1).max(MOST_PROVIDER_ID),
  ext: z.string().nullish(),
});

/** Reports of carriers (Tencent Cloud, document 382/59178). Reports that are not understood are skipped. */
export async function receiveStatus(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const items = z
    .array(z.unknown())
    .max(MOST_REPORTS)
    .safeParse(await bodyOf(c));
  if (!items.success) return notUnderstood(c);
  const reports = items.data.flatMap(readReport);
  const noted = await deps.phonekey.receipts.note("tencent", reports);
  const counts = { items: items.data.length, understood: reports.length, noted };
  deps.log.info({ requestId: c.get("requestId"), ...counts }, "reports of carriers");
  return c.json(TAKEN);
}

function readReport(item: unknown): CarrierReport[] {
  const read = StatusItem.safeParse(item);
  if (!read.success) return [];
  const { nationcode, mobile, report_status, errmsg, sid, ext } = read.data;
  const phone = phoneInE164(`+${nationcode}${mobile}`);
  if (!phone) return [];
  return [
    {
      providerId: sid,
      phone,
      outcome: report_status === "SUCCESS" ? "delivered" : "failed",
      code: codeOf(errmsg),
      ...(ext && ext.length <= 64 && { messageId: ext }),
    },
  ];
}

function codeOf(errmsg: string | null | undefined): string {
  return errmsg && /^[\x20-\x7e]{1,64}$/.test(errmsg) ? errmsg : "UNKNOWN";
}

const Reply = z.object({
  nationcode: text(5),
  mobile: text(20),
  text: z.string(),
  time: z.coerce.number().int().positive(),
});

/** What a person answered (Tencent Cloud, document 382/59179). */
export async function receiveReply(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const read = Reply.safeParse(await bodyOf(c));
  if (!read.success) return notUnderstood(c);
  const { nationcode, mobile, text: written, time } = read.data;
  const phone = phoneInE164(`+${nationcode}${mobile}`);
  if (phone) await deps.phonekey.receipts.reply({ phone, text: written, writtenAt: time });
  return c.json(TAKEN);
}

/** Reads the body whatever its type says: the cloud does not document which type it sends. */
async function bodyOf(c: Context<Env>): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function notUnderstood(c: Context<Env>): Response {
  return c.json({ result: 1, errmsg: "not understood" }, 400);
}

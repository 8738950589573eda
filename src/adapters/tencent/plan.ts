import { isNoticeKind } from "../../core/delivery/notice-kinds.ts";
import { type Reviewed, reviewFaults } from "./review.ts";
import { signFaults, signNameFaults } from "./signature-kinds.ts";
import type { BodyTemplate, ReviewStatus, Signature, SignRequest, SmsAdmin } from "./sms-admin.ts";
import { noticeParameters, type Template, type TemplateUse } from "./templates.ts";

/** What an operator wants to have in the cloud. */
export interface Wanted {
  readonly sign: SignRequest;
  readonly templates: readonly WantedTemplate[];
  readonly isInternational: boolean;
  readonly parameterCount: number;
  /** Whether rejected signatures and templates are submitted again. */
  readonly resubmits: boolean;
}

export interface WantedTemplate extends Template {
  /** Or which notice. */
  readonly purpose: TemplateUse;
}

/**
 * The action for one signature or template.
 * - `add`: it does not exist.
 * - `resubmit`: it was rejected, and is submitted again.
 * - `keep`: it exists, whatever its review says.
 */
export type Action = "add" | "resubmit" | "keep";

export interface Step {
  readonly what: "signature" | "template";
  /** A template's purpose, or its notice. */
  readonly purpose?: TemplateUse;
  /** The signature's or the template's text. */
  readonly text: string;
  readonly action: Action;
  /** There unless it is to be added. */
  readonly id?: number;
  readonly status?: ReviewStatus;
  readonly reply?: string;
}

/** What the review would refuse of the templates, as `name: sentence`. No request to the cloud is made. */
export function textFaults({ sign, templates, isInternational, parameterCount }: Wanted): string[] {
  const reviewed = (purpose: TemplateUse, text: string): Reviewed => ({
    text,
    isInternational,
    isNotice: isNoticeKind(purpose),
    parameterCount: isNoticeKind(purpose) ? noticeParameters(purpose, text) : parameterCount,
    signName: sign.name,
  });
  return templates.flatMap(({ purpose, text }) =>
    reviewFaults(reviewed(purpose, text)).map((fault) => `template ${purpose}: ${fault}`),
  );
}

/** What the review would refuse of the signature's name. An existing signature was accepted by the rules of its day. */
export function nameFaults({ sign, isInternational }: Wanted, steps: readonly Step[]): string[] {
  if (keepsSignature(steps)) return [];
  return signNameFaults(sign.name, isInternational).map((fault) => `signature: ${fault}`);
}

/**
 * What the steps of a plan still need to be carried out, as `signature: sentence`. An existing signature needs nothing.
 */
export function submissionFaults(wanted: Wanted, steps: readonly Step[]): string[] {
  if (keepsSignature(steps)) return [];
  const { sign, isInternational } = wanted;
  const choice = { ...sign, isInternational, hasCommission: sign.commissionImage !== undefined };
  const lacksImage = sign.proofImage === "" ? ["it needs an image of its document"] : [];
  const lacks = [...signFaults(choice), ...lacksImage].map((fault) => `signature: ${fault}`);
  return [...nameFaults(wanted, steps), ...lacks];
}

function keepsSignature(steps: readonly Step[]): boolean {
  return steps.every(({ what, action }) => what !== "signature" || action === "keep");
}

/** Compares what is wanted with what is there. Changes nothing. */
export async function planSetup(admin: SmsAdmin, wanted: Wanted): Promise<readonly Step[]> {
  const [signatures, templates] = [await admin.signatures(), await admin.templates()];
  return [
    stepOf({ what: "signature", text: wanted.sign.name }, best(signatures, "name", wanted.sign.name), wanted),
    ...wanted.templates.map(({ purpose, text }) =>
      stepOf({ what: "template", purpose, text }, best(templates, "text", text), wanted),
    ),
  ];
}

/**
 * Does the steps one after the other, and reports each as soon as it is done. If one fails, the rest is left. The next
 * plan takes up there, because it sees what exists.
 */
export async function carryOut(
  admin: SmsAdmin,
  wanted: Wanted,
  steps: readonly Step[],
  onDone: (step: Step) => void,
): Promise<void> {
  for (const step of steps) onDone(step.action === "keep" ? step : await carryOutStep(admin, wanted, step));
}

async function carryOutStep(admin: SmsAdmin, wanted: Wanted, step: Step): Promise<Step> {
  const id =
    step.what === "signature"
      ? await submitSign(admin, wanted, step)
      : await submitTemplate(admin, wanted, step);
  const { reply: _, ...rest } = step;
  return { ...rest, id, status: "in_review" };
}

async function submitSign(admin: SmsAdmin, { sign }: Wanted, { id }: Step): Promise<number> {
  if (id === undefined) return await admin.addSignature(sign);
  await admin.resubmitSignature(id, sign);
  return id;
}

async function submitTemplate(admin: SmsAdmin, { templates, sign }: Wanted, step: Step): Promise<number> {
  const { name, text } = templates.find(({ purpose }) => purpose === step.purpose) ?? { name: "", text: "" };
  const isNotice = step.purpose !== undefined && isNoticeKind(step.purpose);
  const request = { name, text, remark: sign.remark, isNotice };
  if (step.id === undefined) return await admin.addTemplate(request);
  await admin.resubmitTemplate(step.id, request);
  return step.id;
}

const BEST_FIRST: readonly ReviewStatus[] = ["approved", "pending", "in_review", "rejected"];

/** If several have the same text, the one that is nearest to use. */
function best<T extends Signature | BodyTemplate>(
  all: readonly T[],
  key: keyof T,
  text: string,
): T | undefined {
  const same = all.filter((one) => one[key] === text);
  return same.toSorted((a, b) => BEST_FIRST.indexOf(a.status) - BEST_FIRST.indexOf(b.status))[0];
}

function stepOf(
  step: Pick<Step, "what" | "purpose" | "text">,
  found: Signature | BodyTemplate | undefined,
  { resubmits }: Wanted,
): Step {
  if (!found) return { ...step, action: "add" };
  const { id, status, reply } = found;
  const action = status === "rejected" && resubmits ? "resubmit" : "keep";
  return { ...step, action, id, status, ...(reply && { reply }) };
}

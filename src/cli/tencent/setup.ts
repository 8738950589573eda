import { Command, InvalidArgumentError, Option } from "commander";
import {
  DOCUMENTS,
  defaultTemplate,
  droppedName,
  nameFaults,
  SIGN_TYPES,
  type SignDocument,
  type SignType,
  type Step,
  submissionFaults,
  TEMPLATE_PURPOSES,
  type TemplatePurpose,
  type TemplateUse,
  type TencentKind,
  type TencentTools,
  tencentTools,
  textFaults,
  type Wanted,
} from "../../compose/tools/tencent.ts";
import type { Config } from "../../config.ts";
import { NOTICE_KINDS, type NoticeKind } from "../../core/delivery/notice-kinds.ts";
import { LOCALES, type Locale } from "../../core/locale.ts";
import { tencentSettings } from "../settings.ts";
import { printSteps } from "../steps.ts";
import { readImage } from "./images.ts";
import { planLine, settingLines } from "./text.ts";
import { todoFor, todoLines } from "./todo.ts";

interface SetupOptions {
  readonly signName?: string;
  readonly signPurpose: "self" | "others";
  readonly signType: SignType;
  readonly document: SignDocument;
  readonly documentImage?: string;
  readonly authorizationImage?: string;
  readonly qualificationId?: number;
  readonly remark: string;
  readonly international?: true;
  readonly purposes: readonly TemplatePurpose[];
  readonly notices: readonly NoticeKind[];
  readonly language?: Locale;
  readonly text: Readonly<Partial<Record<TemplateUse, string>>>;
  readonly parameters: number;
  readonly resubmit?: true;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function setupCommand(): Command {
  return new Command("setup")
    .description("Create the signature and the body templates that do not exist yet (the tutorial's step 1).")
    .option("--sign-name <text>", "the signature, without brackets (default: TENCENT_SMS_SIGN_NAME)")
    .addOption(
      new Option("--sign-purpose <whose>", "whose name it is").choices(["self", "others"]).default("self"),
    )
    .option("--sign-type <type>", `what it stands for: ${list(SIGN_TYPES)}`, nameOf(SIGN_TYPES), "company")
    .option("--document <kind>", `what proves it: ${list(DOCUMENTS)}`, nameOf(DOCUMENTS), "business-license")
    .option("--document-image <file>", "a picture of that document, JPG or PNG")
    .option(
      "--authorization-image <file>",
      "a picture of the owner's authorization, with --sign-purpose others",
    )
    .option("--qualification-id <number>", "the approved qualification, for Mainland China", wholeNumber)
    .option("--remark <text>", "what the reviewers should know", "Verification codes for signing in")
    .option("--international", "for Global SMS instead of Mainland China")
    .addOption(
      new Option("--purposes <list>", `purposes with commas, or all: ${TEMPLATE_PURPOSES.join(", ")}`)
        .argParser(namesOf(TEMPLATE_PURPOSES))
        .default(["sign_in"], "sign_in"),
    )
    .addOption(
      new Option("--notices <list>", `notices with commas, or all: ${NOTICE_KINDS.join(", ")}`)
        .argParser(namesOf(NOTICE_KINDS))
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--language <language>",
        "of the templates (default: zh-CN, en with --international)",
      ).choices(LOCALES),
    )
    .addOption(
      new Option("--text <purpose=text>", "a text of your own; may be given several times")
        .argParser(ownText)
        .default({}, "the tutorial's"),
    )
    .option(
      "--parameters <count>",
      "how many variables your texts have: 2 (code, minutes) or 1 (code)",
      oneOrTwo,
      2,
    )
    .option("--resubmit", "submit again what was rejected")
    .option("--dry-run", "print the plan and change nothing")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (options: SetupOptions, command: Command) => await setUp(options, command));
}

const EXAMPLES = `
Safe to repeat: what is there already is kept. Rejected ones are kept too, unless --resubmit is given.

Examples:
  phonekey tencent setup --sign-name 腾讯云 --purposes all --notices all --dry-run
  phonekey tencent setup --sign-name 腾讯云 --qualification-id 1000001 --document-image license.png
  phonekey tencent setup --sign-name 腾讯云 --text "sign_in=您的验证码为{1}，请于{2}分钟内填写。"`;

async function setUp(options: SetupOptions, command: Command): Promise<void> {
  const kind = kindOf(options);
  const tencent = tencentSettings();
  refuse(command, strayTexts(options));
  const wanted = await wantedOf(options, tencent, command);
  refuse(command, textFaults(wanted));

  const tools = tencentTools(tencent, kind);
  const plan = await tools.plan(wanted);
  const { dryRun = false, json = false } = options;
  refuse(command, (dryRun ? nameFaults : submissionFaults)(wanted, plan));
  const todo = todoFor(kind, { tencent });
  const done: Step[] = [];
  const steps = perform(tools, wanted, plan, dryRun, (step) => {
    done.push(step);
    if (!json) console.log(planLine(step, dryRun));
  });
  if (json) await printSteps({ dryRun, steps: done, todo }, steps);
  else {
    await steps;
    console.log(["", ...settingLines(done, kind, options.parameters), "", ...todoLines(todo)].join("\n"));
  }
  if (done.some(({ status }) => status === "rejected")) process.exitCode = 1;
}

function kindOf({ international }: SetupOptions): TencentKind {
  return international ? "international" : "mainland";
}

/** Every step is reported as soon as it is done, so that nothing is unknown if a later one fails. */
async function perform(
  tools: TencentTools,
  wanted: Wanted,
  plan: readonly Step[],
  dryRun: boolean,
  tell: (step: Step) => void,
): Promise<void> {
  if (!dryRun) return await tools.carryOut(wanted, plan, tell);
  for (const step of plan) tell(step);
}

function refuse(command: Command, faults: readonly string[]): void {
  if (faults.length > 0) command.error(faults.map((fault) => `error: ${fault}`).join("\n"));
}

function strayTexts({ text, purposes, notices }: SetupOptions): string[] {
  const uses: readonly string[] = [...purposes, ...notices];
  const stray = Object.keys(text).filter((name) => !uses.includes(name));
  return stray.map((name) => `--text: ${name} is not among --purposes and --notices`);
}

async function wantedOf(
  options: SetupOptions,
  tencent: Config["tencent"],
  command: Command,
): Promise<Wanted> {
  const kind = kindOf(options);
  const name = options.signName ?? tencent[kind].signature ?? command.error("error: --sign-name is missing");
  const locale = options.language ?? (kind === "international" ? "en" : "zh-CN");
  const image = async (file: string | undefined) =>
    file === undefined
      ? undefined
      : await readImage(file).catch((error: Error) => command.error(`error: ${error.message}`));
  const commissionImage = await image(options.authorizationImage);
  return {
    isInternational: kind === "international",
    parameterCount: options.parameters,
    resubmits: options.resubmit ?? false,
    sign: {
      name,
      type: options.signType,
      document: options.document,
      isForOthers: options.signPurpose === "others",
      proofImage: (await image(options.documentImage)) ?? "",
      remark: options.remark,
      ...(commissionImage !== undefined && { commissionImage }),
      ...(options.qualificationId !== undefined && { qualificationId: options.qualificationId }),
    },
    templates: [...options.purposes, ...options.notices].map((purpose) => {
      const { name: title, text } = defaultTemplate(purpose, locale);
      return { purpose, name: title, text: options.text[purpose] ?? text };
    }),
  };
}

function list(names: object): string {
  return Object.keys(names).join(", ");
}

/** For names that the cloud used to accept, the error names today's. */
function nameOf<T extends object>(names: T): (text: string) => keyof T {
  return (text) => {
    if (Object.hasOwn(names, text)) return text as keyof T;
    const today = droppedName(text);
    throw new InvalidArgumentError(
      today ? `Tencent Cloud takes it no longer: ${today}.` : `There are ${list(names)}.`,
    );
  };
}

/** Reads names with commas, each once, or `all`. */
function namesOf<T extends string>(all: readonly T[]): (text: string) => readonly T[] {
  return (text) =>
    text === "all" ? all : [...new Set(text.split(",").map((name) => known(all, name.trim())))];
}

function known<T extends string>(all: readonly T[], name: string): T {
  const found = all.find((one) => one === name);
  if (!found) throw new InvalidArgumentError(`There are ${all.join(", ")}.`);
  return found;
}

function ownText(argument: string, texts: SetupOptions["text"]): SetupOptions["text"] {
  const [name = "", ...text] = argument.split("=");
  if (text.length === 0) throw new InvalidArgumentError("Write it as purpose=text.");
  return {
    ...texts,
    [known<TemplateUse>([...TEMPLATE_PURPOSES, ...NOTICE_KINDS], name.trim())]: text.join("=").trim(),
  };
}

function oneOrTwo(text: string): number {
  if (text !== "1" && text !== "2") throw new InvalidArgumentError("It is 1 or 2.");
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError("It is a whole number.");
  return Number(text);
}

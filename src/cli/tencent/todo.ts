import type { Overview, TencentKind } from "../../compose/tools/tencent.ts";
import type { Config } from "../../config.ts";

/** A task that no API can do: a person must do it in the console. */
export interface Todo {
  readonly text: string;
  /** Whether the task was done; undefined if that cannot be seen from here. */
  readonly isDone?: boolean;
}

interface Known {
  readonly tencent: Config["tencent"];
  readonly overview?: Overview;
}

const CONSOLE = "https://console.cloud.tencent.com";

/** The manual tasks, in the order in which they must be done. */
export function todoFor(kind: TencentKind, { tencent, overview }: Known): Todo[] {
  const isMainland = kind === "mainland";
  const qualified = overview?.signatures.some(({ qualification }) => qualification === "approved");
  const hasPackage = overview?.packages?.some(({ amount, used }) => amount > used);
  const mainland: Todo[] = [
    {
      text: `Apply for a qualification and note its id: ${CONSOLE}/smsv2/enterprise`,
      ...(qualified && { isDone: true }),
    },
    {
      text: "Raise the limit of messages a day to one number from the cloud's 2 to the tutorial's 10: SMS console, basic configuration, sending frequency",
    },
  ];
  return [
    { text: `Verify the account's organizational identity: ${CONSOLE}/developer/auth` },
    ...(isMainland ? mainland.slice(0, 1) : []),
    {
      text: `Create an SMS application and set TENCENT_SMS_SDK_APP_ID to its SDKAppID: ${CONSOLE}/smsv2/app-manage`,
      isDone: tencent.sdkAppId !== undefined,
    },
    {
      text: "Buy an SMS package, and switch on the balance alarm",
      ...(hasPackage !== undefined && { isDone: hasPackage }),
    },
    ...(isMainland ? mainland.slice(1) : []),
    { text: "Enter alarm contacts, who hear of reviews and of a balance that runs out" },
    { text: "Enter the callback addresses for delivery reports and replies (docs/tencent-cloud.md)" },
  ];
}

export function todoLines(todo: readonly Todo[]): string[] {
  const mark = ({ isDone }: Todo) => (isDone ? "[x]" : "[ ]");
  return ["By hand, in the console:", ...todo.map((one) => `  ${mark(one)} ${one.text}`)];
}

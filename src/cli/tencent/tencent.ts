import { Command } from "commander";
import { sendTestCommand } from "./send-test.ts";
import { setupCommand } from "./setup.ts";
import { statusCommand } from "./status.ts";

export function tencentCommand(): Command {
  return new Command("tencent")
    .description("Set up SMS at Tencent Cloud, follow its reviews, and send a test message.")
    .addHelpText(
      "after",
      "\nNeeds TENCENT_SECRET_ID and TENCENT_SECRET_KEY. docs/tencent-cloud.md is a step-by-step guide." +
        "\n\nExample:\n  phonekey tencent status",
    )
    .addCommand(setupCommand())
    .addCommand(statusCommand())
    .addCommand(sendTestCommand());
}

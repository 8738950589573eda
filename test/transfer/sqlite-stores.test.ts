import { NOW } from "../contracts/samples.ts";
import { userTransferContract } from "../contracts/user-transfer-store.ts";
import { openTestDatabase } from "../support/database.ts";

userTransferContract("sqlite", () => openTestDatabase({ now: () => NOW }));

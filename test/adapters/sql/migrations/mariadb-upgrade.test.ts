import { describe } from "vitest";
import { hasMariadb, newDatabase } from "../../../support/services/mysql.ts";
import { upgradeSuite } from "./upgrade-suite.ts";

describe.runIf(hasMariadb())("upgrade", () => {
  upgradeSuite("mariadb", async () => {
    const { host, port, user, database } = await newDatabase();
    return { DATABASE_URL: `mysql://${user}@${host}:${port}/${database}?connections=3` };
  });
});

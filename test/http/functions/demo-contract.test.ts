import { join } from "node:path";
import Libsql from "libsql";
import { demoContract } from "./contract.ts";
import { openStage } from "./stage.ts";

demoContract("on SQLite", () =>
  openStage({}, async ({ folder }, statement) => {
    const file = new Libsql(join(folder, "data", "phonekey.db"));
    file.exec(statement);
    file.close();
  }),
);

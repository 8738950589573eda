import { NOW } from "../../../contracts/samples.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { retagSuite } from "./retag-suite.ts";

retagSuite("sqlite", () => openTestDatabase({ now: () => NOW }));

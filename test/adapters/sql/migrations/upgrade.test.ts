import { upgradeSuite } from "./upgrade-suite.ts";

upgradeSuite("sqlite", async () => ({}));

import { serve } from "./wire.js";

/** Answers nothing: what the load generator can do at most, and costs. */
serve({ "GET /": async () => ({ status: 200, body: {} }) });

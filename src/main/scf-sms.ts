import { createHandler } from "./handler.ts";

/** `sms.main_handler`: the demo's function of that name. */
export const main_handler = createHandler((doors, event) => doors.call("sms", event));

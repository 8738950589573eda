import { createHandler } from "./handler.ts";

/** `getUserInfo.main_handler`: the demo's function of that name. */
export const main_handler = createHandler((doors, event) => doors.call("getUserInfo", event));

import { createHandler } from "./handler.ts";

/** `index.main_handler`: serves everything, by events of a Function URL or an API gateway. */
export const main_handler = createHandler((doors, event) => doors.answer(event));

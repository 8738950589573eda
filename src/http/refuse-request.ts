import type { Context } from "hono";
import type { Refusal } from "../core/refusals.ts";
import type { Env } from "./context.ts";
import { answerRefusal } from "./functions/answer.ts";
import { problem } from "./problem.ts";

/** Answers a request with a refusal, in the shape of its door. */
export function refuseRequest(c: Context<Env>, refusal: Refusal): Response {
  return c.get("door") === "functions" ? answerRefusal(c, refusal) : problem(c, refusal);
}

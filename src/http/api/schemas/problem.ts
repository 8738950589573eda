import { z } from "zod";
import { METHODS } from "../../../core/session/methods.ts";

export const Problem = z
  .object({
    type: z.string().meta({ description: "Where `/docs` tells of it." }),
    title: z.string().meta({ description: "For people, in the language of `Accept-Language`." }),
    status: z.int().meta({ description: "That of the answer." }),
    detail: z.string().meta({ description: "For developers, where it says more than `title`." }),
    code: z.string().meta({ description: "Stable; see the list of refusals." }),
    field: z.string().optional().meta({ description: "Which part of the request is wrong." }),
    requestId: z.string().meta({ description: "That of the log, also in `X-Request-Id`." }),
    retryAfter: z.int().optional().meta({ description: "Seconds; the same as `Retry-After`." }),
    kinds: z
      .array(z.string())
      .optional()
      .meta({ description: "With `captcha_required`: the kinds of challenges that are taken." }),
    challenge: z
      .string()
      .optional()
      .meta({ description: "With `second_factor_required`: what the second step sends along; 10 minutes." }),
    methods: z.array(z.enum(METHODS)).optional().meta({
      description:
        "With `second_factor_required`, and with `step_up_required` where not all that raises the session counts: what may be shown, by its name in `amr`.",
    }),
    acrValues: z
      .string()
      .optional()
      .meta({ description: "With `step_up_required`: the level that the session has to reach." }),
    maxAge: z
      .int()
      .optional()
      .meta({ description: "With `step_up_required`: how many seconds ago at most." }),
  })
  .meta({ id: "Problem" });

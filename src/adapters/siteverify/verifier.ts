import { z } from "zod";
import type { ChallengeRequest, ChallengeVerifier, Verdict } from "../../core/protection/challenges/ports.ts";
import { sha256 } from "../../core/secrets.ts";
import type { Service } from "./services.ts";

export interface SiteverifyDeps {
  readonly siteKey: string;
  readonly secretKey: string;
  /** The hosts on whose pages a challenge of ours may be solved. */
  readonly hosts: readonly string[];
  /** An origin to ask instead of the service's own. */
  readonly endpoint?: string;
  readonly deadline: () => AbortSignal;
  /** Told why a solution could not be judged, in words of ours. */
  readonly report: (problem: string) => void;
}

const Answer = z.object({
  success: z.boolean(),
  hostname: z.string().optional(),
  "error-codes": z.array(z.string()).optional(),
});

/** Judges tokens by asking the service that gave them to the browser: a form, answered with JSON. */
export function createSiteverifyVerifier(service: Service, deps: SiteverifyDeps): ChallengeVerifier {
  return {
    kind: service.kind,
    isThirdParty: true,
    siteKey: deps.siteKey,
    async verify(captcha, request) {
      if (captcha.kind !== service.kind) return { status: "invalid" };
      const { token } = captcha;
      const answer = await ask(service, deps, token, request).catch(() => undefined);
      if (answer) return judge(service, deps, answer, sha256(token));
      deps.report("no answer in time, or none that can be read");
      return { status: "unavailable" };
    },
  };
}

async function ask(service: Service, deps: SiteverifyDeps, token: string, { address }: ChallengeRequest) {
  const { siteKey, secretKey, endpoint, deadline } = deps;
  const fields = { secret: secretKey, response: token, ...(address && { remoteip: address }) };
  const url = new URL(service.path, endpoint ?? service.origin);
  const answer = await fetch(url, {
    method: "POST",
    body: new URLSearchParams({ ...fields, ...service.fields({ siteKey, token }) }),
    redirect: "error",
    signal: deadline(),
  });
  if (!answer.ok && answer.status !== 400) return undefined;
  return Answer.parse(await answer.json());
}

function judge(service: Service, deps: SiteverifyDeps, answer: z.output<typeof Answer>, id: string): Verdict {
  const { success, hostname = "" } = answer;
  if (success) {
    const isOurs = !service.namesHost || deps.hosts.includes(hostname);
    return isOurs ? { status: "solved", id, livesMs: service.livesMs } : { status: "invalid" };
  }
  const codes = answer["error-codes"] ?? [];
  if (codes.length > 0 && codes.every((code) => service.callersFault.includes(code))) {
    return { status: "invalid" };
  }
  const named = service.ourFault.filter((code) => codes.includes(code));
  deps.report(named.length > 0 ? named.join(", ") : "an error of its own");
  return { status: "unavailable" };
}

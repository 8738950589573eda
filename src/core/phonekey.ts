import { createFactors } from "./account/factors/index.ts";
import type { PasskeySite } from "./account/factors/ports.ts";
import {
  askForSignIn,
  askSecondFactor,
  type FinishInput,
  finishSignIn,
  isFinished,
  methodsOfChallenge,
  type SecondInput,
  selfOfChallenge,
} from "./account/factors/second-step.ts";
import { wasShown } from "./account/factors/shown-again.ts";
import { type StepUpInput, stepUp, waysToRaise } from "./account/factors/step-up.ts";
import type { User } from "./account/ports.ts";
import { type ProfileChange, readProfile, updateProfile } from "./account/profile.ts";
import { authenticateBackend, type Backend } from "./backend/api-key.ts";
import { checkByLink, type PageStart, readLink, startWithPage } from "./backend/link.ts";
import { checkForProof, type ReadInput, readVerification, redeemProof } from "./backend/proof.ts";
import { type CarrierReply, type CarrierReport, noteReply, noteReports } from "./delivery/receipts.ts";
import type { PhonekeyDeps } from "./deps.ts";
import {
  type FunctionsSignIn,
  type FunctionsStart,
  signInByFunctions,
  startByFunctions,
} from "./functions/sign-in.ts";
import {
  type Asked,
  issueFunctionsToken,
  readByFunctions,
  renameByFunctions,
  type Shown,
} from "./functions/token.ts";
import { createLife } from "./life/index.ts";
import { createNotices } from "./notices/notices.ts";
import { createPasswordFactor } from "./password/factor.ts";
import { createPasswords } from "./password/index.ts";
import type { Phone } from "./phone.ts";
import { createForgetFailed } from "./protection/guard/forget-failed.ts";
import { withSending } from "./sending.ts";
import { type Flow, issueFlow, readFlow } from "./session/flow.ts";
import { issueHandover, type RedeemInput, redeemHandover } from "./session/handover.ts";
import { createSessions } from "./session/index.ts";
import type { Session } from "./session/ports.ts";
import type { Principal, SignedIn } from "./session/session.ts";
import { type FirstStep, type SignInInput, signInByCode } from "./session/sign-in.ts";
import type { CheckInput } from "./verification/check.ts";
import type { Client } from "./verification/client.ts";
import { type OfferInput, offerForResend, offerForStart } from "./verification/offer.ts";
import { type ResendInput, resendById } from "./verification/resend.ts";
import { type ResendOrStartInput, resendOrStart } from "./verification/start.ts";

export type { PhonekeyDeps };

export type Phonekey = ReturnType<typeof createPhonekey>;

/** Phonekey itself: every use case that a door may call, and nothing else. */
export function createPhonekey(outside: PhonekeyDeps) {
  // In three steps, since notices are sent like codes, and a second factor may need both.
  const sending = { ...withSending(outside), forgetFailed: createForgetFailed(outside.limits) };
  const notified = {
    ...sending,
    notices: createNotices(sending),
    passwords: createPasswordFactor(sending),
  };
  const deps = {
    ...notified,
    askSecondFactor: (user: User, step: FirstStep) => askSecondFactor(notified, user, step),
  };
  const { challenges, notices } = deps;
  return {
    verifications: {
      start: (input: PageStart) => startWithPage(deps, input),
      resend: (input: ResendInput) => resendById(deps, input),
      resendOrStart: (input: ResendOrStartInput) => resendOrStart(deps, input),
      read: (input: ReadInput) => readVerification(deps, input),
    },
    backend: {
      authenticate: (secret: string, address?: string) => authenticateBackend(deps, secret, address),
      check: (input: Omit<CheckInput, "purposes">) => checkForProof(deps, input),
      readLink: (link: string) => readLink(deps, link),
      checkByLink: (input: { link: string; code: string; client: Client }) => checkByLink(deps, input),
      redeem: (input: { backend: Backend; proof: string }) => redeemProof(deps, input),
    },
    notices: { sendDue: notices.sendDue },
    life: createLife(deps),
    challenges: {
      /**
       * The challenge that every stranger has to solve at once; undefined if only some strangers have to, or nobody.
       */
      always: challenges?.when === "always" ? challenges.verifier : undefined,
      forStart: (input: OfferInput) => offerForStart(deps, input),
      forResend: (input: { id: string; client: Client }) => offerForResend(deps, input),
    },
    signIn: {
      byCode: (input: SignInInput) => signInByCode(deps, input),
      byHandover: (input: RedeemInput) => redeemHandover(deps, input),
      /** The second step. */
      byFactor: (input: FinishInput) => finishSignIn(deps, input),
      isFinished: (input: SecondInput) => isFinished(deps, input),
      methodsOf: (input: SecondInput) => methodsOfChallenge(deps, input),
      selfOf: (input: SecondInput) => selfOfChallenge(deps, input),
      askForPasskey: (input: SecondInput & { site: PasskeySite }) => askForSignIn(deps, input),
      handOver: (to: SignedIn, challenge: string) => issueHandover(deps, to, challenge),
    },
    flow: {
      issue: (flow: Flow) => issueFlow(deps, flow),
      read: (token: string) => readFlow(deps, token),
    },
    sessions: {
      ...createSessions(deps),
      waysToRaise: (principal: Principal) => waysToRaise(deps, principal),
      stepUp: (input: StepUpInput) => stepUp(deps, input),
      wasShown: (input: StepUpInput) => wasShown(deps, input),
    },
    receipts: {
      note: (sender: string, reports: readonly CarrierReport[]) => noteReports(deps, sender, reports),
      reply: (reply: CarrierReply) => noteReply(deps, reply),
    },
    account: {
      read: (user: User, phone?: Phone) => readProfile(deps, user, phone),
      update: (user: User, change: ProfileChange) => updateProfile(deps, user.id, change),
    },
    factors: createFactors(deps),
    passwords: createPasswords(deps),
    functions: {
      start: (input: FunctionsStart) => startByFunctions(deps, input),
      signIn: (input: FunctionsSignIn) => signInByFunctions(deps, input),
      token: (session: Session, shown: Shown) => issueFunctionsToken(deps, session, shown),
      read: (token: string, asked: Asked) => readByFunctions(deps, token, asked),
      rename: (token: string, to: { userId: string; name: string }) => renameByFunctions(deps, token, to),
    },
  };
}

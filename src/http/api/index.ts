import type { Operation, Unplaced } from "./operation.ts";

/** The place of an operation, and how its definition is loaded. */
interface Route extends Pick<Operation, "id" | "method" | "path"> {
  readonly load: () => Promise<Operation>;
}

/**
 * The native API, in the order of the documents: the name and the place of each operation. The first call of an
 * operation loads its definition, because schemas take long to make.
 */
export const ROUTES: readonly Route[] = [
  ...routes(() => import("./definitions.ts"), {
    startVerification: "POST /v1/verifications",
    offerChallenge: "POST /v1/challenges",
    resendVerification: "POST /v1/verifications/{id}/resend",
    readVerification: "GET /v1/verifications/{id}",
    checkVerification: "POST /v1/verifications/{id}/check",
    redeemProof: "POST /v1/proofs/redeem",
    openSession: "POST /v1/sessions",
    refreshSession: "POST /v1/sessions/refresh",
    askForPasskey: "POST /v1/sessions/passkey-options",
    stepUpSession: "POST /v1/sessions/current/step-up",
    askForStepUpPasskey: "POST /v1/sessions/current/passkey-options",
    listSessions: "GET /v1/sessions",
    endCurrentSession: "DELETE /v1/sessions/current",
    endSession: "DELETE /v1/sessions/{id}",
    endSessions: "DELETE /v1/sessions",
    readMe: "GET /v1/me",
    updateMe: "PATCH /v1/me",
    readPhone: "GET /v1/me/phone",
    changePhone: "PUT /v1/me/phone",
    cancelPhoneChange: "DELETE /v1/me/phone/pending",
    exportMe: "GET /v1/me/export",
    eraseMe: "DELETE /v1/me",
    readFactors: "GET /v1/me/factors",
    proposeApp: "POST /v1/me/factors/totp",
    confirmApp: "POST /v1/me/factors/totp/{id}/confirm",
    offerPasskey: "POST /v1/me/factors/passkeys/options",
    addPasskey: "POST /v1/me/factors/passkeys",
    renewRecoveryCodes: "POST /v1/me/factors/recovery-codes",
    removeFactor: "DELETE /v1/me/factors/{id}",
    setLoginProtection: "PUT /v1/me/login-protection",
    setPassword: "PUT /v1/me/password",
    removePassword: "DELETE /v1/me/password",
    resetPassword: "POST /v1/password-resets",
  }),
  // What is asked of a process that has only just begun.
  ...routes(() => import("./operations/meta.ts"), {
    readJwks: "GET /.well-known/jwks.json",
    readIssuer: "GET /.well-known/oauth-authorization-server",
    readOpenIdIssuer: "GET /.well-known/openid-configuration",
    readHealth: "GET /healthz",
    readReadiness: "GET /readyz",
  }),
];

/** Every operation, with its definition. */
export async function loadOperations(): Promise<readonly Operation[]> {
  return await Promise.all(ROUTES.map(({ load }) => load()));
}

/** @param places a method and a path for each definition */
function routes<Id extends string>(
  load: () => Promise<Readonly<Record<Id, Unplaced>>>,
  places: Readonly<Record<Id, `${string} /${string}`>>,
): readonly Route[] {
  return (Object.keys(places) as Id[]).map((id) => {
    const [method = "", path = ""] = places[id].split(" ");
    const place = { id, method: method.toLowerCase() as Operation["method"], path };
    return { ...place, load: async () => ({ ...place, ...(await load())[id] }) };
  });
}

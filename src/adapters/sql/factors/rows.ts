import type { AppFactor, Factor, PasskeyFactor } from "../../../core/account/factors/ports.ts";
import type { FactorRow } from "../tables/schema.ts";

const NOTHING = {
  confirmed_at: null,
  last_used_at: null,
  sealed_secret: null,
  last_step: null,
  credential_id: null,
  credential_hash: null,
  public_key: null,
  counter: null,
  transports: null,
};

function baseValues({ id, userId, kind, label, createdAt }: Factor) {
  return { ...NOTHING, id, user_id: userId, kind, label, created_at: createdAt };
}

/** An app that its owner has not shown a code of yet. */
export function appValues(factor: AppFactor): FactorRow {
  return { ...baseValues(factor), sealed_secret: factor.sealedSecret };
}

export function passkeyValues(factor: PasskeyFactor): FactorRow {
  return {
    ...baseValues(factor),
    confirmed_at: factor.createdAt,
    credential_id: factor.credentialId,
    public_key: factor.publicKey,
    counter: factor.counter,
    transports: factor.transports.join(" "),
  };
}

function baseOf(row: FactorRow) {
  return {
    id: row.id,
    userId: row.user_id,
    label: row.label,
    createdAt: row.created_at,
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
  };
}

export function appOf(row: FactorRow): AppFactor {
  return { ...baseOf(row), kind: "totp", sealedSecret: row.sealed_secret ?? "" };
}

export function factorOf(row: FactorRow): Factor {
  if (row.kind === "totp") return appOf(row);
  return {
    ...baseOf(row),
    kind: "passkey",
    credentialId: row.credential_id ?? "",
    publicKey: row.public_key ?? "",
    counter: row.counter ?? 0,
    transports: row.transports?.split(" ").filter(Boolean) ?? [],
  };
}

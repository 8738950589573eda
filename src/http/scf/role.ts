import type { Fields } from "./arrival.ts";

/** Temporary keys of a function's role. */
export interface RoleKeys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
}

/** Does not match two values joined by a comma, one of which is a client's. */
const VALUE = /^[\w+/=.-]{8,4096}$/;

/** The keys that the platform puts into a request for a web function, all three of them or none. */
export function readRoleKeys(fields: Fields): RoleKeys | undefined {
  const [secretId, secretKey, token] = ["secret-id", "secret-key", "session-token"].map((name) => {
    const found = fields.filter(([field]) => field.toLowerCase() === `x-scf-${name}`);
    const [value = ""] = found.map(([, text]) => text.trim());
    return found.length === 1 && VALUE.test(value) ? value : undefined;
  });
  return secretId && secretKey && token ? { secretId, secretKey, token } : undefined;
}

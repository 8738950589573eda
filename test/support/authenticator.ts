import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A ceremony as an authenticator sees it. Each part of an answer is apart, so that a test can make it wrong. */
export interface Ceremony {
  readonly origin: string;
  readonly challenge: string;
  /** False leaves the flag out that says that the person was verified. */
  readonly verified?: boolean;
  readonly counter?: number;
  /** Whether it was asked for in a frame of another origin's page. */
  readonly crossOrigin?: boolean;
  /** Whether it says that a copy of the passkey is kept, and not that one may be. */
  readonly backedUp?: boolean;
  /** The user whose passkey it says that it is, base64url. */
  readonly userHandle?: string;
}

/** What an authenticator makes its statement about itself of (WebAuthn level 3, section 6.5). */
export interface Attested {
  readonly privateKey: KeyObject;
  readonly clientDataHash: Buffer;
  readonly authData: Buffer;
}

export interface Attestation {
  readonly fmt: string;
  readonly attStmt: ReadonlyMap<string, unknown>;
}

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();

type Cbor = number | string | Buffer | readonly Buffer[] | ReadonlyMap<number | string, unknown>;

/** CBOR (RFC 8949) of the few things that an authenticator says. */
function cbor(value: Cbor): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string")
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map) {
    const entries = [...value].flatMap(([key, entry]) => [cbor(key), cbor(entry as Cbor)]);
    return Buffer.concat([head(5, value.size), ...entries]);
  }
  const items = value as readonly Buffer[];
  return Buffer.concat([head(4, items.length), ...items.map(cbor)]);
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}

function attestNothing(): Attestation {
  return { fmt: "none", attStmt: new Map() };
}

/** An authenticator in software (WebAuthn level 3, section 6), sharing nothing with what is tested. */
export function createAuthenticator() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const credentialId = randomBytes(32);
  const id = credentialId.toString("base64url");
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const coseKey = cbor(
    new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, "base64url")],
      [-3, Buffer.from(y, "base64url")],
    ]),
  );

  function authData(ceremony: Ceremony, attested = Buffer.alloc(0)): Buffer {
    const { origin, verified = true, backedUp, counter = 0 } = ceremony;
    const flags = 1 | (verified ? 4 : 0) | (backedUp ? 16 : 0) | (attested.length > 0 ? 64 : 0);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(new URL(origin).hostname), Buffer.from([flags]), count, attested]);
  }

  const clientData = (type: string, { origin, challenge, crossOrigin = false }: Ceremony) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }));

  const answer = (response: Record<string, string>) => ({
    id,
    rawId: id,
    type: "public-key",
    clientExtensionResults: {},
    response,
  });

  return {
    id,
    create(ceremony: Ceremony, attest: (attested: Attested) => Attestation = attestNothing) {
      const length = Buffer.from([0, credentialId.length]);
      const attested = Buffer.concat([Buffer.alloc(16), length, credentialId, coseKey]);
      const client = clientData("webauthn.create", ceremony);
      const data = authData(ceremony, attested);
      const { fmt, attStmt } = attest({ privateKey, clientDataHash: sha256(client), authData: data });
      const object = new Map<string, unknown>([
        ["fmt", fmt],
        ["attStmt", attStmt],
        ["authData", data],
      ]);
      return answer({
        clientDataJSON: client.toString("base64url"),
        attestationObject: cbor(object).toString("base64url"),
      });
    },
    get(ceremony: Ceremony) {
      const client = clientData("webauthn.get", ceremony);
      const authenticatorData = authData(ceremony);
      const signature = sign("sha256", Buffer.concat([authenticatorData, sha256(client)]), privateKey);
      return answer({
        clientDataJSON: client.toString("base64url"),
        authenticatorData: authenticatorData.toString("base64url"),
        signature: signature.toString("base64url"),
        ...(ceremony.userHandle && { userHandle: ceremony.userHandle }),
      });
    },
  };
}

export type Authenticator = ReturnType<typeof createAuthenticator>;

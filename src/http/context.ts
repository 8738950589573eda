import type { SignUp } from "../core/account/sign-up.ts";
import type { Locale } from "../core/locale.ts";
import type { PhonePolicy } from "../core/phone.ts";
import type { Phonekey } from "../core/phonekey.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { Tokens } from "../core/session/ports.ts";
import type { ClientAddressSettings } from "./middleware/client-address.ts";
import type { ScfSettings } from "./scf/own-host.ts";

/** The operator's log. Nothing that a caller sent is written to it. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The data of an answered request that is counted. */
export interface CountedRequest {
  /** The route's pattern, never the path. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  /** The code of the refusal: from the catalogue, or one of the functions API's own words. */
  readonly refusal?: string;
}

/** The counters of this process. */
export interface Metrics {
  countRequest(request: CountedRequest): void;
  /** All counts, with their media type. */
  read(): Promise<{ readonly type: string; readonly text: string }>;
}

/** A QR code as an SVG path in modules. `size` is its width in modules, including the quiet zone. */
export interface QrPath {
  readonly size: number;
  readonly path: string;
}

/** A request's body and its signature headers. A missing header is empty. */
export interface SignedPost {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: string;
  /** Several with spaces between them. */
  readonly signature: string;
  readonly body: Uint8Array;
}

/** What all doors need. */
export interface HttpDeps {
  readonly phonekey: Phonekey;
  readonly jwks: Tokens["jwks"];
  /** The `iss` of all tokens. */
  readonly issuer: string;
  /** Resolves if every store answers; otherwise rejects with the error of the one that does not. */
  readonly ready: () => Promise<void>;
  readonly clock: Clock;
  /** Resolves after this many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: HttpSettings;
  /** The messages of the console sender, in development only. */
  readonly inbox?: Inbox;
  readonly assets: Assets;
  readonly drawQr: (text: string) => Promise<QrPath>;
  /** Whether the operator's service signed a post; absent if there is no such service. */
  readonly isFromWebhook?: (post: SignedPost) => boolean;
}

export interface HttpSettings extends ClientAddressSettings {
  /** The origin under which people reach this server, `https://…`. In development it follows the request. */
  readonly publicUrl?: string;
  /** Set on SCF. There, without a `publicUrl`, links lead only to the function's own host. */
  readonly scf?: ScfSettings;
  /** Web origins that may call the APIs from a browser. */
  readonly allowedOrigins: readonly string[];
  /** Addresses of apps that the sign-in page may hand over to, compared exactly. */
  readonly returnTo: readonly string[];
  /** Secrets, each of which makes an address for reports of carriers. Without any there is no such address. */
  readonly callbackSecrets: readonly string[];
  /** Lets callers from elsewhere read `/metrics`. */
  readonly metricsToken?: string;
  readonly brandName: string;
  readonly defaultLocale: Locale;
  readonly version: string;
  readonly phones: PhonePolicy;
  readonly signUp: SignUp;
  readonly functions: {
    /** `FUNCTIONS_API`: whether the functions API is served at all. */
    readonly isOpen: boolean;
    /** `FUNCTIONS_ALLOW_GET`. */
    readonly allowGet: boolean;
  };
}

/** The messages of the console sender, newest first. */
export interface Inbox {
  messages(): readonly InboxMessage[];
}

export interface InboxMessage {
  /** E.164. */
  readonly to: string;
  readonly text: string;
  readonly purpose: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** The files that the build made for browsers. */
export interface Assets {
  readonly script: string;
  readonly style: string;
  /** Returns a file of the build by its path below the server's root. */
  readonly read: (path: string) => StaticFile | undefined;
}

export interface StaticFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Its name changes whenever its content does. */
  readonly immutable: boolean;
}

/** The middleware's findings about a request. */
export interface Env {
  Bindings: {
    incoming?: {
      socket?: { remoteAddress?: string | undefined };
      /** Whether the client disconnected before its request was read. */
      readableAborted?: boolean;
    };
  };
  Variables: {
    requestId: string;
    locale: Locale;
    /** The client's address in the form that limits use as a key; empty if no source of it can be trusted. */
    addressKey: string;
    /** The address itself; empty where `addressKey` is. */
    address: string;
    /** Headers of the answer, by names in lower case. A header that the route sets itself takes precedence. */
    headers: Record<string, string>;
    /** The answer, if it was already made with these headers (`answerWith`). */
    complete?: Response;
    /** The name of the backend whose API key was good. */
    backend?: string;
    /** The code that it was refused with. */
    refusal?: string;
    /** Set if the answers have the shape of the functions API. */
    door?: "functions";
  };
}

import { deriveCode } from "../../src/core/verification/code.ts";

/** How a server is spoken to. */
export interface Wire {
  start(phone: string): Sent;
  /** What has to be known of the answer to enter the code; undefined where it was refused. */
  started(answer: Answer): Started | undefined;
  open(phone: string, started: Started): Sent;
  opened(answer: Answer): Opened | undefined;
}

export interface Sent {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Started {
  readonly id: string;
  readonly code: string;
}

export interface Opened {
  readonly accessToken: string;
  readonly refreshToken?: string;
}

/** @param codeKey of the installation, in hex, where the code is derived as the server does; else the answer brings it */
export function nativeWire(codeKey?: string): Wire {
  return {
    start: (phone) => ({ method: "POST", path: "/v1/verifications", body: { phone } }),
    started({ status, body, headers }) {
      if (status !== 201) return undefined;
      const { id, codeLength } = JSON.parse(body) as { id: string; codeLength: number };
      const subject = { verificationId: id, purpose: "sign_in" };
      const code = codeKey
        ? deriveCode(Buffer.from(codeKey, "hex"), subject, codeLength)
        : (headers["x-code"] ?? "");
      return { id, code };
    },
    open: (_phone, { id, code }) => ({
      method: "POST",
      path: "/v1/sessions",
      body: { verificationId: id, code },
    }),
    opened: ({ status, body }) => (status === 201 ? (JSON.parse(body) as Opened) : undefined),
  };
}

/** The demo's: everything in the query. */
export const demoWire: Wire = {
  start: (phone) => ({ method: "GET", path: `/functions/sms?method=getSms&phone=${phone.slice(3)}` }),
  started({ body, headers }) {
    const { errorCode, data } = JSON.parse(body) as { errorCode: number; data?: { sessionId: string } };
    return errorCode === 0 && data ? { id: data.sessionId, code: headers["x-code"] ?? "" } : undefined;
  },
  open: (phone, { id, code }) => ({
    method: "GET",
    path: `/functions/sms?method=login&phone=${phone.slice(3)}&code=${code}&sessionId=${id}`,
  }),
  opened({ body }) {
    const { errorCode, data } = JSON.parse(body) as { errorCode: number; data?: { token: string } };
    return errorCode === 0 && data ? { accessToken: data.token } : undefined;
  },
};

/** That of better-auth's phone-number plugin. */
export const betterAuthWire: Wire = {
  start: (phone) => ({
    method: "POST",
    path: "/api/auth/phone-number/send-otp",
    body: { phoneNumber: phone },
    headers: { "x-phone": phone },
  }),
  started: ({ status, headers }) => (status === 200 ? { id: "", code: headers["x-code"] ?? "" } : undefined),
  open: (phone, { code }) => ({
    method: "POST",
    path: "/api/auth/phone-number/verify",
    body: { phoneNumber: phone, code },
  }),
  opened({ status, body }) {
    const { token } = status === 200 ? (JSON.parse(body) as { token?: string }) : {};
    return token ? { accessToken: token } : undefined;
  },
};

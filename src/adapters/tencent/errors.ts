/**
 * Why a call of Tencent Cloud failed. Its message contains nothing of the request or the answer, so it may be logged.
 */
export class TencentError extends Error {
  /** The API's own code, where the API refused. */
  readonly code?: string;
  /**
   * The API's own message beside its code. It may name phones or accounts, so it is for the person at the terminal
   * alone.
   */
  readonly said?: string;
  /** The status of an answer that was not the API's. */
  readonly httpStatus?: number;
  readonly requestId?: string;
  /** False if the request certainly never left this machine. */
  readonly hasLeft: boolean;

  constructor({ code, said, httpStatus, requestId, hasLeft }: TencentErrorParts) {
    super(`Tencent Cloud: ${code ?? (httpStatus === undefined ? "no answer" : `HTTP ${httpStatus}`)}`);
    this.name = "TencentError";
    this.hasLeft = hasLeft;
    if (code !== undefined) this.code = code;
    if (said !== undefined) this.said = said;
    if (httpStatus !== undefined) this.httpStatus = httpStatus;
    if (requestId) this.requestId = requestId;
  }
}

type TencentErrorParts = Pick<TencentError, "code" | "said" | "httpStatus" | "requestId" | "hasLeft">;

/**
 * Translates an error of the client library. Its own exception has a `traceId`, and has a `code` only if the API
 * answered. A failure while an answer is read comes as the raw error of its HTTP client, whose `code` is one of the
 * system.
 */
export function errorOf(error: unknown, hasLeft: boolean): TencentError {
  const thrown: Record<string, unknown> = error instanceof Error ? { ...error } : {};
  const isOwn = typeof thrown.traceId === "string";
  const { code, httpCode, requestId } = isOwn ? thrown : {};
  return new TencentError({
    hasLeft,
    ...(typeof code === "string" && code !== "" && { code, said: (error as Error).message }),
    ...(typeof httpCode === "number" && { httpStatus: httpCode }),
    ...(typeof requestId === "string" && { requestId }),
  });
}

/** Of all header fields together. */
export const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/**
 * What is wrong with a request whatever it asks for. Two hosts are two meanings (RFC 9112, section 3.2).
 *
 * @param names of its header fields, repeated ones too
 */
export function unfit(names: readonly string[]): "headers_too_large" | "invalid_request" | undefined {
  if (names.length > MAX_HEADERS) return "headers_too_large";
  return names.filter((name) => name.toLowerCase() === "host").length > 1 ? "invalid_request" : undefined;
}

/** The most that all header fields of a request may take together. */
export const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/**
 * The fault in the header fields of any request, if there is one: too many of them, or more than one `Host` (RFC 9112,
 * section 3.2).
 *
 * @param names of all its header fields; a repeated field is listed each time
 */
export function headerFault(names: readonly string[]): "headers_too_large" | "invalid_request" | undefined {
  if (names.length > MAX_HEADERS) return "headers_too_large";
  return names.filter((name) => name.toLowerCase() === "host").length > 1 ? "invalid_request" : undefined;
}

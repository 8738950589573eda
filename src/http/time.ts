/** Epoch milliseconds as RFC 3339 in UTC, the form that the wire and `<time datetime>` take. */
export function timeOf(epochMs: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: it formats a given moment and asks for none.
  return new Date(epochMs).toISOString();
}

/** Epoch milliseconds as RFC 3339 in UTC, the form that the wire and `<time datetime>` take. */
export function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

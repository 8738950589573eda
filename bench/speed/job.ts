/** What is measured of a server. */
export const KINDS = [
  "cycle, new number",
  "cycle, returning number",
  "start",
  "check",
  "wrong guess",
  "refused start",
  "refresh",
  "me",
  "nothing",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Job {
  readonly kind: Kind;
  readonly wire: "native" | "demo" | "better-auth";
  /** Its processes, over which the connections are spread. */
  readonly urls: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly codeKey?: string;
}

export interface Sample {
  /** Cycles, or single requests, a second. */
  readonly perSecond: number;
  readonly failed: number;
  /** Milliseconds, of single requests. */
  readonly p50: number;
  readonly p99: number;
  /** What this process itself used, milliseconds of a processor for each of them. */
  readonly generatorMs: number;
}

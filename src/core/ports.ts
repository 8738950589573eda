/** Where the time comes from. Everything that decides by time takes it from here. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** The only source of chance: a cryptographically secure generator. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** A UUID of version 7 (RFC 9562, section 5.7) for rows that an index should keep in order of time. */
  uuid(now: number): string;
}

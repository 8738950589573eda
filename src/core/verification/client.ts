/** Who calls, as a door knows it. Nothing of it is believed further than said here. */
export interface Client {
  /** The client's address as limits key it; absent where no source of it can be trusted. */
  readonly addressKey?: string;
  /** What tells a known device from a stranger. */
  readonly deviceToken?: string;
  /** The hash of the browser's pre-session, at the pages. */
  readonly browser?: string;
}

import type { Phone } from "./phone.ts";

/** Stands for a phone in stores and logs, and keeps the number itself encrypted. */
export interface PhoneVault {
  /**
   * The tag under the current tag key, `<key id>.<MAC in base64url>`. The same phone has the same tag, and it tells
   * nothing else.
   */
  tag(phone: Phone): Promise<string>;
  /** The tags under all tag keys still kept, the current one first. */
  tags(phone: Phone): Promise<readonly [string, ...string[]]>;
  /** Encrypts with AES-256-GCM, the row's id as associated data: a copy in another row does not open. */
  seal(phone: Phone, rowId: string): Promise<string>;
  /** Rejects when the text was changed or belongs to another row. */
  open(sealed: string, rowId: string): Promise<Phone>;
}

/**
 * Encrypts texts at rest as `PhoneVault` does phones: what people and backends wrote, hashes of passwords, secrets of
 * apps.
 */
export interface TextVault {
  sealText(text: string, rowId: string): Promise<string>;
  /** Rejects when the text was changed or belongs to another row. */
  openText(sealed: string, rowId: string): Promise<string>;
}

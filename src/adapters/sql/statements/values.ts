export type Bindable = string | number | bigint | null | Uint8Array;

/**
 * The values that can be stored, the same for every database. A boolean makes libsql end the whole process, and libsql
 * turns what is not a number into NULL; MySQL stores the text `true`.
 */
export function bindable(value: unknown): Bindable {
  if (value === null || typeof value === "string" || typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a value of type ${typeof value} cannot be stored`);
}

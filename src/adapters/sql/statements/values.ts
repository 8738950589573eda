export type Bindable = string | number | bigint | null | Uint8Array;

/**
 * What can be stored, the same for every database. libsql ends the whole process when it is given a boolean, and turns
 * what is not a number into NULL; MySQL stores the text `true`.
 */
export function bindable(value: unknown): Bindable {
  if (value === null || typeof value === "string" || typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a value of type ${typeof value} cannot be stored`);
}

import { type CountryCode, isSupportedCountry } from "libphonenumber-js/max";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/** How the text of a variable is read. Problems say what is expected and never repeat the text, which may be secret. */
export interface Format<T> {
  /** What a value looks like, worded to follow "must be". */
  readonly expects: string;
  read(text: string): Parsed<T>;
}

export function good<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function bad(problem: string): Parsed<never> {
  return { ok: false, problem };
}

/** A format with one problem only: the text is not what it expects. Then `read` returns undefined. */
export function format<T>(expects: string, read: (text: string) => T | undefined): Format<T> {
  return {
    expects,
    read(text) {
      const value = read(text);
      return value === undefined ? bad(`must be ${expects}`) : good(value);
    },
  };
}

/** A part of a URL, decoded; undefined if its percent signs are invalid. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function wholeNumber(from: number, to: number): Format<number> {
  return format(`a whole number from ${from} to ${to}`, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= from && value <= to ? value : undefined;
  });
}

export function oneOf<const T extends string>(values: readonly T[]): Format<T> {
  return format(anyOf(values), (text) => values.find((value) => value === text));
}

function anyOf(values: readonly string[]): string {
  const quoted = values.map((value) => `\`${value}\``);
  const [last] = quoted.splice(-1);
  return quoted.length > 0 ? `${quoted.join(", ")} or ${last}` : `${last}`;
}

export const flag: Format<boolean> = format("`true` or `false`", (text) =>
  text === "true" || text === "false" ? text === "true" : undefined,
);

/** Values separated by commas. Blank values are skipped, and repeated values are kept once. */
export function list<T>(one: Format<T>, expects: string): Format<readonly T[]> {
  return {
    expects,
    read(text) {
      const values: T[] = [];
      for (const [index, entry] of split(text).entries()) {
        const parsed = one.read(entry);
        if (!parsed.ok) return bad(`entry ${index + 1} ${parsed.problem}`);
        values.push(parsed.value);
      }
      return good([...new Set(values)]);
    },
  };
}

/** A list that must not be empty if it is set: `$NEW,$OLD` in a shell that has neither must not mean an empty list. */
export function filled<T>(values: Format<readonly T[]>): Format<readonly T[]> {
  return {
    expects: values.expects,
    read(text) {
      const parsed = values.read(text);
      return parsed.ok && parsed.value.length === 0 ? bad("names nothing") : parsed;
    },
  };
}

export function split(text: string): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

export const country: Format<CountryCode> = format("a country's two-letter ISO 3166 code", (text) => {
  const code = text.toUpperCase();
  return isSupportedCountry(code) ? code : undefined;
});

const countryList = filled(list(country, "ISO 3166 country codes, separated by commas, or `all`"));

/** Country codes, or `all`. */
export const countries: Format<readonly CountryCode[] | "all"> = {
  expects: countryList.expects,
  read: (text) => (text === "all" ? good("all") : countryList.read(text)),
};

/** Where to listen: an IP address or a host name, without scheme, brackets or port. */
export const listenHost = format("an IP address or a host name", (text) =>
  /^[\w.:%-]{1,253}$/.test(text) && !/^[^:]+:\d+$/.test(text) ? text : undefined,
);

/** A field name of RFC 9110, section 5.1, in lower case. */
export const headerName = format("the name of an HTTP header", (text) =>
  /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(text) ? text.toLowerCase() : undefined,
);

/** Categories C, Zl and Zp contain control, invisible and bidirectional characters, which could disguise the name. */
export const brandName = format("1 to 40 characters, none of them invisible", (text) =>
  [...text].length <= 40 && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text) ? text : undefined,
);

/** A key, a password or an id that a provider issued. */
export const credential: Format<string> = format(
  "printable characters without spaces, at most 256",
  (text) => (/^[\x21-\x7e]{1,256}$/.test(text) ? text : undefined),
);

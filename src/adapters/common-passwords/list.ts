import type { CommonPasswords } from "../../core/password/ports.ts";

/**
 * The 49,233 passwords of `@zxcvbn-ts/language-common`, collected from breaches. They take 10 MB, so they are loaded when
 * somebody first chooses a password.
 */
export function createCommonPasswords(): CommonPasswords {
  let loading: Promise<ReadonlySet<string>> | undefined;
  return {
    async isCommon(password) {
      loading ??= load();
      return (await loading).has(password);
    },
  };
}

async function load(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  return new Set(dictionary["passwords-common"]);
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { composeText } from "../../../src/core/delivery/text.ts";
import { LOCALES } from "../../../src/core/locale.ts";
import { PURPOSES } from "../../../src/core/verification/purpose.ts";
import { createWorld } from "../../support/world.ts";

const PARTS = { code: "004217", minutes: 5, brandName: "Phonekey", host: "sign.example.com" };
const TEXTS = PURPOSES.flatMap((purpose) =>
  LOCALES.map((locale) => [purpose, locale, composeText(purpose, locale, PARTS)] as const),
);

interface BoundCode {
  readonly host: string;
  readonly code: string;
}

/**
 * What a browser reads in a message (WICG, "Origin-bound one-time codes delivered via SMS", parsing): only the last
 * line, which begins with `@`, a host, one space, `#` and the code; what follows is ignored.
 */
function readBoundCode(message: string): BoundCode | undefined {
  const line = message.split("\n").at(-1) ?? "";
  const [, host, code] = /^@([^\t\n\f\r ]+) #([^\t\n\f\r ]+)/.exec(line) ?? [];
  return host && code ? { host, code } : undefined;
}

test("readBoundCode reads the examples of the specification", () => {
  expect(readBoundCode("747723 is your ExampleCo code.\n\n@example.com #747723")).toEqual({
    host: "example.com",
    code: "747723",
  });
  expect(readBoundCode("@example.com #747723 @ecommerce.example")?.code).toBe("747723");
  for (const bad of [
    "something @example.com #747723",
    "@example.com  #747723",
    "#747723 @example.com",
    "@example.com #747723\n",
  ])
    expect(readBoundCode(bad)).toBeUndefined();
});

describe.each(TEXTS)("T49: the message for %s in %s", (_purpose, locale, text) => {
  test("ends with the line that binds the code to the page", () => {
    expect(readBoundCode(text)).toEqual({ host: "sign.example.com", code: "004217" });
  });

  test("says code, brand and minutes in its body, too", () => {
    const body = text.slice(0, text.lastIndexOf("\n\n"));
    for (const part of ["004217", "Phonekey", "5"]) expect(body).toContain(part);
    expect(body.match(/\d{4,}/g)).toEqual(["004217"]);
  });

  test("holds no address that a phone could open, and no control characters", () => {
    expect(text).not.toMatch(/https?:|www\./);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  });

  test("fits one segment with a host of usual length, even with eight digits", () => {
    const longest = { ...PARTS, code: "00421786", minutes: 10, host: "a".repeat(locale === "en" ? 24 : 12) };
    expect(segments(composeText("sign_in", locale, longest))).toBe(1);
  });

  test("takes two segments at most, with brand and host of up to 30 characters", () => {
    const long = { ...PARTS, code: "00421786", minutes: 10, brandName: "b".repeat(30), host: "h".repeat(30) };
    expect(segments(composeText("sign_in", locale, long))).toBeLessThanOrEqual(2);
  });
});

test("one minute is written in the singular", () => {
  expect(composeText("sign_in", "en", { ...PARTS, minutes: 1 })).toContain(" 1 minute.");
});

test("without a host there is no line that binds the code", () => {
  const { host: _, ...parts } = PARTS;
  expect(readBoundCode(composeText("sign_in", "en", parts))).toBeUndefined();
});

test("any host and code are read back by readBoundCode", () => {
  const digits = fc.stringMatching(/^[0-9]{6,8}$/);
  fc.assert(
    fc.property(fc.domain(), digits, fc.constantFrom(...LOCALES), (host, code, locale) => {
      const text = composeText("sign_in", locale, { ...PARTS, host, code });
      expect(readBoundCode(text)).toEqual({ host, code });
    }),
  );
});

test("T49: nothing that a caller sent is in the message, and its host is the page's", async () => {
  const world = await createWorld({ env: { PUBLIC_URL: "https://sign.example.com" } });
  const evil = { "user-agent": "EVIL", "accept-language": "en, evil;q=0.5", "x-forwarded-for": "6.6.6.6" };
  const sent = async (host: string, locale: string) => {
    const phone = `+86 138-0013-${world.sms.sent.length}000`;
    const started = await world.post(
      "/v1/verifications",
      { phone, locale },
      { ...evil, host, origin: `https://${host}` },
    );
    expect(started.status).toBe(201);
    return world.sms.sent.at(-1);
  };
  for (const locale of LOCALES) {
    const message = await sent("evil.example", locale);
    const parts = { ...PARTS, code: message?.code ?? "" };
    expect(message?.text).toBe(composeText("sign_in", locale, parts));
    expect(readBoundCode(message?.text ?? "")).toEqual({ host: "sign.example.com", code: message?.code });
  }
  await world.close();
});

const GSM_BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENSION = "^{}\\[~]|€\f";

/** How many SMS a text takes (3GPP TS 23.038 and 23.040): 160 septets or 70 UTF-16 units, less if it is split. */
function segments(text: string): number {
  const isGsm = [...text].every((each) => GSM_BASIC.includes(each) || GSM_EXTENSION.includes(each));
  const septets = [...text].reduce((sum, each) => sum + (GSM_EXTENSION.includes(each) ? 2 : 1), 0);
  const [length, single, part] = isGsm ? [septets, 160, 153] : [text.length, 70, 67];
  return length <= single ? 1 : Math.ceil(length / part);
}

describe.each(["en", "zh-CN"] as const)("a message about a transaction (%s)", (locale) => {
  const transaction = { amount: "1234.50", currency: "EUR", payee: "Example Shop" };

  test("says the code before the amount, and the amount before the payee (T50)", () => {
    const text = composeText("confirm_transaction", locale, { ...PARTS, transaction });
    const at = ["004217", "EUR 1234.50", "Example Shop"].map((part) => text.indexOf(part));
    expect(Math.min(...at)).toBeGreaterThanOrEqual(0);
    expect(text.match(/\d{4,}/)?.[0]).toBe("004217");
    if (locale === "en") expect(segments(text)).toBe(1);
  });

  test("binds the code to the page as a message without a payee does", () => {
    const text = composeText("confirm_transaction", locale, { ...PARTS, transaction });
    expect(readBoundCode(text)).toEqual(readBoundCode(composeText("sign_in", locale, PARTS)));
  });
});

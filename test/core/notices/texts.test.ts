import { describe, expect, test } from "vitest";
import { NOTICE_KINDS } from "../../../src/core/delivery/notice-kinds.ts";
import { composeNotice } from "../../../src/core/notices/text.ts";

describe("the texts of notices", () => {
  /** GSM 7-bit default alphabet without its extensions (3GPP TS 23.038, 6.2.1). */
  const GSM = /^[\n\r @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!"#¤%&'()*+,\-./0-9:;<=>?¡A-Za-zÄÖÑÜ§¿äöñüà]*$/;
  const parts = { brandName: "Phonekey", origin: "https://id.example.com", stopCode: "f".repeat(24) };

  test.each(NOTICE_KINDS)("%s is one message in English and in Chinese", (kind) => {
    const english = composeNotice(kind, "en", parts);
    expect(english).toMatch(GSM);
    expect(english.length).toBeLessThanOrEqual(160);
    const chinese = composeNotice(kind, "zh-CN", { ...parts, brandName: "某某公司" });
    const withoutLink = chinese.replace(`${parts.origin}/stop/`, "");
    expect(withoutLink.length).toBeLessThanOrEqual(70);
    expect(chinese.startsWith("【某某公司】")).toBe(true);
  });

  test("phone_change_started has a link that stops the change if the server's address is known", () => {
    const link = `${parts.origin}/stop/${parts.stopCode}`;
    for (const locale of ["en", "zh-CN"] as const) {
      expect(composeNotice("phone_change_started", locale, parts)).toContain(link);
      const { origin: _, ...unknown } = parts;
      expect(composeNotice("phone_change_started", locale, unknown)).not.toContain("/stop/");
    }
  });
});

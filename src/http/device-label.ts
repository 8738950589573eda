/**
 * How a session's device is shown to its user: `Chrome · Android`, or the first word of an app's `User-Agent`.
 *
 * @param unknown for a device without one
 */
export async function deviceLabel(userAgent: string, unknown = "—"): Promise<string> {
  if (!userAgent) return unknown;
  const { default: bowser } = await import("bowser");
  const { browser, os } = bowser.parse(userAgent);
  if (browser.name && os.name) return `${browser.name} · ${os.name}`;
  return browser.name || userAgent.split(/[/ ]/)[0]?.slice(0, 32) || unknown;
}

/** How a session's device is shown to its user: `Chrome · Android`, or the first word of what an app calls itself. */
export async function deviceLabel(userAgent: string): Promise<string> {
  if (!userAgent) return "—";
  const { default: bowser } = await import("bowser");
  const { browser, os } = bowser.parse(userAgent);
  if (browser.name && os.name) return `${browser.name} · ${os.name}`;
  return browser.name || userAgent.split(/[/ ]/)[0]?.slice(0, 32) || "—";
}

/** Shows times in the visitor's own zone; the server wrote them in UTC. */
export function localiseTimes(root: ParentNode): void {
  const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
  for (const element of root.querySelectorAll("time")) {
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    if (element.hasAttribute("data-local-time")) element.textContent = moment.format(at);
    if (element.hasAttribute("data-local-date")) element.textContent = day.format(at);
  }
}

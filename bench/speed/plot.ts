import { casesOf, nameOf } from "./plan.ts";
import type { Results } from "./results.ts";
import { type Spread, spreadOf } from "./statistics.ts";

interface Bar {
  readonly label: string;
  readonly isOurs: boolean;
  readonly value: Spread;
}

const [ROW, LEFT, WIDTH, TOP] = [30, 330, 440, 46];

/** Whole sign-ins a second, one bar a system, with the least and the most of all rounds. Readable on light and on dark. */
export function plotOf(results: Results): string {
  const bars = casesOf()
    .filter(({ part, kind }) => part === "cycles" && kind === "cycle, new number")
    .flatMap((each): Bar[] => {
      const speeds = [...results.of(nameOf(each)).values()].map(({ perSecond }) => perSecond);
      const { name } = each.system;
      return speeds.length > 0
        ? [{ label: name, isOurs: name.startsWith("Phonekey"), value: spreadOf(speeds) }]
        : [];
    });
  const most = Math.max(1, ...bars.map(({ value }) => value.most));
  const height = TOP + bars.length * ROW + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 850 ${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="14">
<title id="title">Whole sign-ins a second, new numbers, 16 connections</title>
<rect width="850" height="${height}" fill="#fff"/>
<text x="16" y="26" font-weight="600" fill="#111">Whole sign-ins a second, new numbers, 16 connections</text>
${bars.map((bar, index) => barOf(bar, TOP + index * ROW, most)).join("\n")}
</svg>
`;
}

function barOf({ label, isOurs, value }: Bar, y: number, most: number): string {
  const at = (speed: number) => LEFT + (speed / most) * WIDTH;
  const middle = y + ROW / 2 - 3;
  return [
    `<text x="${LEFT - 10}" y="${y + 17}" text-anchor="end" fill="#111">${label}</text>`,
    `<rect x="${LEFT}" y="${y}" width="${(at(value.median) - LEFT).toFixed(1)}" height="${ROW - 8}" fill="${isOurs ? "#2563eb" : "#9ca3af"}"/>`,
    `<path d="M${at(value.least).toFixed(1)} ${middle}H${at(value.most).toFixed(1)}" stroke="#111" stroke-width="1.5"/>`,
    `<text x="${(at(value.most) + 8).toFixed(1)}" y="${y + 17}" fill="#111">${Math.round(value.median)}</text>`,
  ].join("");
}

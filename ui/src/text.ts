// Text for people: numbers with a true minus, and strangers' text with nothing invisible in it.

export function signed(value: number, places: number): string {
  const text = Math.abs(value).toFixed(places);
  return Number(text) === 0 ? `\u2007${text}` : `${value < 0 ? "\u2212" : "+"}${text}`;
}

/** A whole number with its thousands apart. (The browser's own formatter takes 20 ms to wake.) */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three significant figures, with powers of ten where they are shorter. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const long = size !== 0 && (size < 1e-3 || size >= 1e6);
  const text = long ? value.toExponential(1).replace(".0e", "e") : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "\u2212").replace("e+", "e");
}

/** A figure, or a dash where there is none. */
export function figured(value: number | null | undefined): string {
  return value == null ? "\u2013" : figure(value);
}

/** A part as a percentage, or a dash where there is none. */
export function percent(value: number | null | undefined): string {
  return value == null ? "\u2013" : `${figure(100 * value)} %`;
}

/** The ends of a 95 % interval in parentheses, with a space before them; nothing where there is none. */
export function interval(low: number | null | undefined, high: number | null | undefined, shown: (value: number) => string = figure): string {
  return low == null || high == null ? "" : ` (95 %: ${shown(low)} \u2026 ${shown(high)})`;
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}\u115F\u1160\u3164\uFFA0]/gu;

/** Controls, bidirectional marks and other invisible characters as escapes; `limit` cuts what is too long to show. */
export function visible(text: string, limit = 120): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}\u2026` : text;
  return cut.replace(UNSEEN, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

/** A token as it stands in running text: line breaks and tabs drawn, everything else as `visible` has it. */
export function tokenText(token: string): string {
  const parts = token.split(/(\n|\t)/).map((p) => (p === "\n" ? "\u23CE\n" : p === "\t" ? "\u21E5" : visible(p)));
  return parts.join("");
}

/** A token as a label: leading spaces drawn, on one line. */
export function tokenLabel(token: string): string {
  if (token === "") return "\u2205";
  const text = tokenText(token.slice(0, 40)).replaceAll("\n", "");
  return text.replace(/^ +| +$/g, (spaces) => "\u2423".repeat(spaces.length));
}

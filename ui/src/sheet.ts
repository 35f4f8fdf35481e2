// The table behind a figure, and its way out of the page: a CSV file that says exactly what was drawn.
import { h } from "./dom.ts";
import { framed } from "./frame.ts";
import { visible } from "./text.ts";

export type Cell = string | number | null;

/** Columns with their units, and rows that are made when somebody wants them. */
export interface Sheet {
  name: string;
  columns: readonly string[];
  rows(): Iterable<readonly Cell[]>;
}

const FORMULA = /^[=+\-@\t\r]/;

/**
 * The sheet as RFC 4180 text: numbers in full precision, nothing for what is missing. Text that a spreadsheet would
 * take for a formula gets an apostrophe in front, and invisible characters are escapes.
 */
export function csv(sheet: Sheet): string {
  const lines = [sheet.columns.map(cell).join(",")];
  for (const row of sheet.rows()) lines.push(row.map(cell).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function cell(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const shown = visible(value, 4000);
  const safe = FORMULA.test(value) || FORMULA.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A button that saves the sheet. */
export function download(sheet: () => Sheet): HTMLElement {
  const button = h("button", { type: "button", class: "quiet save" }, "Save CSV");
  button.hidden = framed(); // in a notebook's frame nothing can be saved; `tree.table()` gives the rows there
  button.addEventListener("click", () => save(sheet()));
  return button;
}

function save(sheet: Sheet): void {
  const place = URL.createObjectURL(new Blob([csv(sheet)], { type: "text/csv;charset=utf-8" }));
  const link = h("a", { href: place, download: `${sheet.name.replace(/[^A-Za-z0-9.-]+/g, "-")}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(place), 10_000);
}

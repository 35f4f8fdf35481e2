// All angles as a table: who answers from each, sorted by any column, narrowed by family, by name, to what was called.
import { leading, matching, ordered } from "./angle-order.ts";
import { h } from "./dom.ts";
import { type Angle, type Maybe, MEASURES, type Ranged, SHARES } from "./face-data.ts";
import type { Box } from "./figure.ts";
import { glyph } from "./glyph.ts";
import type { Selection } from "./selection.ts";
import { download, type Sheet } from "./sheet.ts";
import { count, figured, visible } from "./text.ts";

interface Column {
  title: string;
  key(angle: Angle): string | Maybe;
  /** Whether its largest come first when it is asked for. */
  falling?: boolean;
  kind?: string;
}

const COLUMNS: readonly Column[] = [
  { title: "angle", key: (angle) => angle.angle },
  { title: "family", key: (angle) => angle.family, kind: "mid" },
  { title: "own, %", key: (angle) => angle.own?.value ?? null, kind: "num" },
  { title: "other, %", key: (angle) => angle.other?.value ?? null, falling: true, kind: "num" },
  { title: "no one, %", key: (angle) => angle.nobody?.value ?? null, falling: true, kind: "num" },
  { title: "adjusted p", key: (angle) => angle.adjusted, kind: "num wide" },
];

export function angleTable(selection: Selection, forms: ReadonlyMap<string, number>): Box {
  const view = new AngleTable(selection, forms);
  return { element: view.element, redraw: () => undefined };
}

class AngleTable {
  readonly element: HTMLElement;
  private readonly wanted = { query: "", family: "", called: false };
  private column = 2;
  private falling = false;
  private readonly rows: HTMLTableRowElement[];
  private readonly body = h("tbody", {});
  private readonly heads: HTMLTableCellElement[];
  private readonly status = h("p", { class: "soft small", role: "status" });
  private shown: number[] = [];

  constructor(
    private readonly selection: Selection,
    private readonly forms: ReadonlyMap<string, number>,
  ) {
    this.rows = selection.angles.map((angle, k) => this.row(angle, k));
    this.heads = COLUMNS.map((column, k) => this.head(column, k));
    const shares = h("td", { class: "three" }, h("span", { class: "unseen" }, "shares"));
    const head = h("tr", {}, ...this.heads.slice(0, 2), shares, ...this.heads.slice(2), h("th", { scope: "col", class: "mid" }, "marks"));
    const table = h("table", { class: "angles" }, h("caption", { class: "unseen" }, "Angles and who answers from each"), h("thead", {}, head), this.body);
    const region = h("div", { class: "scroll angle-list", tabindex: 0, role: "region", "aria-label": "Angles and who answers from each" }, table);
    const under = h("div", { class: "under" }, shareKeys(), download(() => sheetOf(selection.angles)));
    this.element = h("div", { class: "angle-table" }, this.tools(), region, this.status, under);
    this.body.addEventListener("keydown", (event) => this.keys(event));
    selection.on(() => this.mark(true));
    this.show();
  }

  private tools(): HTMLElement {
    const query = h("input", { id: "angle-query", type: "search", placeholder: "Find an angle", autocomplete: "off", spellcheck: "false" });
    query.addEventListener("input", () => this.narrow({ query: query.value }));
    const family = h("select", { id: "angle-family" }, h("option", { value: "" }, "all families"), ...[...new Set(this.selection.angles.map((angle) => angle.family))].map((name, k) => h("option", { value: String(k) }, visible(name, 40))));
    const names = [...new Set(this.selection.angles.map((angle) => angle.family))];
    family.addEventListener("change", () => this.narrow({ family: names[Number(family.value || -1)] ?? "" }));
    const called = h("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "only called");
    called.addEventListener("click", () => {
      called.setAttribute("aria-pressed", String(!this.wanted.called));
      this.narrow({ called: !this.wanted.called });
    });
    return h("div", { class: "finder" }, h("label", { for: "angle-query", class: "unseen" }, "Find an angle"), query, h("label", { for: "angle-family", class: "unseen" }, "Family"), family, called);
  }

  private head({ title, falling, kind }: Column, k: number): HTMLTableCellElement {
    const button = h("button", { type: "button", class: "sort" }, title);
    button.addEventListener("click", () => {
      this.falling = this.column === k ? !this.falling : (falling ?? false);
      this.column = k;
      this.show();
    });
    return h("th", { scope: "col", class: kind ?? "" }, button);
  }

  private row(angle: Angle, k: number): HTMLTableRowElement {
    const name = h("button", { type: "button", tabindex: -1, class: "open" }, glyph(angle, this.forms), h("span", { class: "label" }, visible(angle.angle, 80)));
    const parts = SHARES.map((share) => h("td", { class: "num" }, whole(angle[share])));
    const row = h(
      "tr",
      { class: `${angle.called ? "called" : ""} ${angle.control ? "control" : ""}` },
      h("th", { scope: "row", class: "part" }, name),
      h("td", { class: "mid soft" }, visible(angle.family, 30)),
      h("td", { class: "three" }, shareBar(angle)),
      ...parts,
      h("td", { class: "num wide soft" }, figured(angle.adjusted)),
      h("td", { class: "mid" }, ...marks(angle)),
    );
    row.addEventListener("click", () => this.selection.select(k));
    return row;
  }

  private narrow(change: Partial<typeof this.wanted>): void {
    Object.assign(this.wanted, change);
    this.show();
  }

  private show(): void {
    const { angles } = this.selection;
    const { key } = COLUMNS[this.column]!;
    this.shown = ordered(matching(angles, this.wanted), (k) => key(angles[k]!), this.falling);
    this.body.replaceChildren(...this.shown.map((k) => this.rows[k]!));
    this.heads.forEach((head, k) => (k === this.column ? head.setAttribute("aria-sort", this.falling ? "descending" : "ascending") : head.removeAttribute("aria-sort")));
    const all = angles.length;
    this.status.textContent = this.shown.length < all ? `${count(this.shown.length)} of ${count(all)} angles and controls` : `${count(all)} angles and controls`;
    this.mark(false);
  }

  /** Marks the selected row, and gives Tab exactly one row to land on. */
  private mark(scroll: boolean): void {
    const { index } = this.selection;
    const tab = index !== null && this.shown.includes(index) ? index : this.shown[0];
    for (const k of this.shown) {
      const row = this.rows[k]!;
      row.classList.toggle("selected", k === index);
      const button = row.querySelector("button")!;
      button.setAttribute("tabindex", k === tab ? "0" : "-1");
      if (k === index) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    if (scroll && index !== null && this.shown.includes(index)) reveal(this.rows[index]!);
  }

  private keys(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.shown.findIndex((k) => this.rows[k]!.contains(event.target as Node));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.shown.length - 1, PageDown: at + 10, PageUp: at - 10 }[event.key];
    if (to === undefined || at < 0) return;
    const place = this.shown[Math.max(0, Math.min(this.shown.length - 1, to))]!;
    this.rows[place]!.querySelector("button")!.focus();
    event.preventDefault();
  }
}

/** Scrolls the list, and nothing around it, until a row is in sight. */
function reveal(row: HTMLElement): void {
  const list = row.closest<HTMLElement>(".angle-list");
  if (!list) return;
  const head = list.querySelector("thead")?.clientHeight ?? 0;
  const [top, bottom] = [row.offsetTop - head, row.offsetTop + row.offsetHeight];
  if (top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
}

function whole(share: Ranged | null): string {
  return share?.value == null ? "\u2013" : (100 * share.value).toFixed(0);
}

export function shareBar(angle: Pick<Angle, "own" | "other" | "nobody">): HTMLElement {
  const parts = SHARES.map((share) => {
    const part = h("span", { class: share });
    part.style.width = `${100 * Math.max(0, Math.min(1, angle[share]?.value ?? 0))}%`;
    return part;
  });
  return h("span", { class: "share-bar", "aria-hidden": "true" }, ...parts);
}

export function shareKeys(): HTMLElement {
  const key = (share: string, text: string) => h("span", { class: `key ${share}` }, text);
  return h("p", { class: "legend" }, key("own", "own voice"), key("other", "another voice"), key("nobody", "no one"));
}

export function marks(angle: Angle): HTMLElement[] {
  const found: [string, string][] = [];
  if (angle.called) found.push(["called", angle.control ? "called (false alarm)" : "called"]);
  if (angle.control) found.push(["control", "control"]);
  if (angle.uncanny) found.push(["uncanny", "uncanny"]);
  return found.map(([kind, text]) => h("span", { class: `badge ${kind}` }, text));
}

const ENDS = ["value", "low", "high"] as const;

/** Everything about every angle. */
export function sheetOf(angles: readonly Angle[]): Sheet {
  const ends = (name: string) => [name, `${name}, low`, `${name}, high`];
  const columns = [
    "angle", "family", "should survive", "undoing", "strength", "control", "called", "uncanny", "items", "missing", ...SHARES.flatMap(ends), ...ends("understood"), "leading other voice",
    "p", "adjusted p", "family-wise p", "own, worst case", "own, best case", ...MEASURES.flatMap((name) => [name, `${name}, z`]), "displacement inside", "displacement outside",
  ];
  const row = (angle: Angle) => [
    angle.angle, angle.family, yes(angle.survives), angle.undoing, angle.strength, yes(angle.control), yes(angle.called), yes(angle.uncanny), angle.items, angle.missing,
    ...[...SHARES, "understood" as const].flatMap((name) => ENDS.map((end) => angle[name]?.[end] ?? null)), leading(angle)?.[0] ?? null,
    angle.p, angle.adjusted, angle.worst, ...(angle.bounds ?? [null, null]), ...MEASURES.flatMap((name) => [angle.commonness[name]?.value ?? null, angle.commonness[name]?.z ?? null]),
    angle.displacement?.inside ?? null, angle.displacement?.outside ?? null,
  ];
  return { name: "face-angles", columns, rows: () => angles.map(row) };
}

function yes(flag: boolean): string {
  return flag ? "yes" : "no";
}

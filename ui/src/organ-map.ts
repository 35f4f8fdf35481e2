// The personality map: traits by organs under an angle, the change of that map when the angle turns, and which organs
// fall silent.
import { decimals } from "./bars.ts";
import { h } from "./dom.ts";
import type { Plot } from "./figure.ts";
import { angleName } from "./organ-card.ts";
import type { OrgansData, Row, Silenced } from "./organ-data.ts";
import type { OrganLedger } from "./organ-ledger.ts";
import { faceHash } from "./face-route.ts";
import { mapHash, organHash, parseMapHash } from "./organ-route.ts";
import { type Shade, shaded } from "./matrix.ts";
import { figure, signed, visible } from "./text.ts";

const CALLED = 60;

type Mode = "shares" | "change";

/** The map; `faces` are the angles that the face of the same page has. */
export function mapPlot(ledger: OrganLedger, faces: ReadonlySet<string>): Plot {
  const { data } = ledger;
  const place = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Personality map" });
  const asked = () => parseMapHash(location.hash, data.angles.map(({ name }) => name));
  const state = { angle: asked() ?? 0, mode: "shares" as Mode };
  const draw = () => place.replaceChildren(...drawn(ledger, state, faces));
  const { element: tools, set } = controls(data, state, draw);
  addEventListener("hashchange", () => set(asked() ?? state.angle));
  draw();
  return {
    room: "wide",
    title: "Personality map",
    says: "Rows: traits. Columns: organs and the remainder, which add up to the trait. A dot says that the 95 % interval of the share, or of its change against identity, excludes zero.",
    keys: [["plus", "towards the trait"], ["minus", "away from it"], ["mark-dot", "interval excludes zero"]],
    tools,
    body: place,
    sheet: {
      name: "personality-map",
      columns: ["trait", "angle", "use of the angle", "organ", "share, nats", "low", "high", "change against identity, nats", "measured \u0394 of the trait, nats"],
      rows: () => data.map.flatMap((row) => row.shares.map((share, organ) => [data.traits[row.trait]!, data.angles[row.angle]!.name, data.angles[row.angle]!.use, ledger.name(organ), share, row.low[organ] ?? null, row.high[organ] ?? null, change(ledger, row, organ), row.delta] as const)),
    },
  };
}

function controls({ angles }: OrgansData, state: { angle: number; mode: Mode }, draw: () => void): { element: HTMLElement; set(angle: number): void } {
  const options = angles.map(({ name, use }, k) => h("option", { value: String(k) }, `${angleName(name, use)}${use === "held" ? " (held back)" : ""}`));
  const select = h("select", { id: "organs-angle" }, ...options);
  const modes: [Mode, string][] = [["shares", "shares"], ["change", "change against identity"]];
  const buttons = modes.map(([mode, text]) => {
    const button = h("button", { type: "button", class: "quiet", "aria-pressed": String(mode === state.mode) }, text);
    button.addEventListener("click", () => {
      state.mode = mode;
      buttons.forEach((other, k) => other.setAttribute("aria-pressed", String(modes[k]![0] === mode)));
      draw();
    });
    return button;
  });
  const set = (angle: number) => {
    state.angle = select.selectedIndex = Math.max(0, Math.min(angles.length - 1, angle));
    draw();
  };
  const go = (angle: number) => {
    set(angle);
    const hash = mapHash(angles[state.angle]?.name ?? "");
    if (hash !== null) history.pushState(null, "", location.href.split("#", 1)[0] + hash);
  };
  select.selectedIndex = state.angle;
  select.addEventListener("change", () => go(select.selectedIndex));
  const step = (by: number) => go(state.angle + by);
  const arrow = (text: string, label: string, by: number) => h("button", { type: "button", class: "quiet", "aria-label": label, click: () => step(by) }, text);
  const element = h("div", { class: "map-tools" }, h("div", { class: "picker" }, h("label", { for: "organs-angle" }, "Angle"), select, arrow("\u2039", "previous angle", -1), arrow("\u203A", "next angle", 1)), h("div", { class: "choices", role: "group", "aria-label": "What the map shows" }, ...buttons));
  return { element, set };
}

function change(ledger: OrganLedger, row: Row, organ: number): number | null {
  const [now, before] = [row.shares[organ], ledger.row(row.trait)?.shares[organ]];
  return row.angle === 0 || now == null || before == null ? null : now - before;
}

/** The interval of a change excludes zero where the reading calls it. */
function calledChange({ organs }: OrgansData, row: Row, organ: number): boolean {
  return organs[organ]?.silenced.some((one) => one.trait === row.trait && one.angle === row.angle && one.called) ?? false;
}

function drawn(ledger: OrganLedger, { angle, mode }: { angle: number; mode: Mode }, faces: ReadonlySet<string>): HTMLElement[] {
  const { data } = ledger;
  const { name, use } = data.angles[angle] ?? { name: "identity", use: "" as const };
  const rows = data.traits.map((_, trait) => ledger.row(trait, angle));
  const changes = mode === "change";
  const value = (row: Row, organ: number) => (changes ? change(ledger, row, organ) : (row.shares[organ] ?? null));
  const places = Math.min(3, decimals(rows.flatMap((row) => row?.shares.map((share) => share ?? 0) ?? [])));
  const cells = rows.map((row, trait): [string, Shade[]] => [visible(data.traits[trait]!, 40), row ? [...row.shares.map((_, organ) => cell(ledger, row, organ, value(row, organ), changes, places)), total(row.shares.map((_, organ) => value(row, organ)), places), plain(changes ? null : row.delta, places)] : []]);
  const heads = [...data.organs.map((organ) => organ.name), "remainder", "sum", changes ? "" : "measured \u0394"];
  const caption = `${changes ? "Change of shares against identity" : "Shares"} in nats under ${angleName(name, use)}`;
  const face = faces.has(name) ? faceHash({ angle: name, item: null }) : null;
  const notes = [
    use === "broken" && h("p", { class: "angle-note bad" }, h("b", {}, "Broken angle: "), `under ${visible(name, 60)} the face breaks. What the map shows is what is left of it.`),
    face !== null && angle > 0 && h("p", { class: "angle-note" }, h("a", { href: face }, "Who answers from this angle"), " \u2013 in the chapter face."),
    use === "held" && h("p", { class: "angle-note soft" }, "Held back: the organs were found without this angle."),
    changes && angle === 0 && h("p", { class: "angle-note soft" }, "Identity does not change against itself: pick another angle."),
    !rows.some(Boolean) && h("p", { class: "angle-note soft" }, "The reading has no shares under this angle."),
  ];
  return [...notes.filter((note) => note !== false), shaded(caption, heads.map((text) => (text ? h("th", { scope: "col" }, visible(text, 30)) : h("td", {}))), cells)];
}

function cell(ledger: OrganLedger, row: Row, organ: number, value: number | null, changes: boolean, places: number): Shade {
  const [low, high] = [row.low[organ] ?? null, row.high[organ] ?? null];
  const apart = changes ? calledChange(ledger.data, row, organ) : low !== null && high !== null && (low > 0 || high < 0);
  const href = organHash({ trait: row.trait, organ, site: null }, ledger.data.traits, ledger.data.organs.length);
  return { value, text: value === null ? "\u2013" : signed(value, places), mark: apart && "interval excludes zero", ...(href === null ? {} : { href }) };
}

function total(values: readonly (number | null)[], places: number): Shade {
  return plain(values.reduce((sum: number | null, value) => (sum === null || value === null ? null : sum + value), 0), places);
}

function plain(value: number | null, places: number): Shade {
  return { value: null, text: value === null ? "" : signed(value, places) };
}

/** Every change of an organ under an angle that the reading tells of, those that are called first. */
export function silentPlot(ledger: OrganLedger): Plot {
  const { data } = ledger;
  const all = data.organs.flatMap((organ) => organ.silenced.map((row): [string, Silenced] => [organ.name, row]));
  const rows = all.sort(([, a], [, b]) => Number(b.called) - Number(a.called) || lost(b) - lost(a));
  const called = rows.filter(([, row]) => row.called);
  const silent = new Set(called.filter(([, row]) => lost(row) > 0).map(([name]) => name));
  const lines = called.slice(0, CALLED).map(([name, row]) => h("tr", {}, h("th", { scope: "row" }, visible(name, 40)), h("td", {}, angle(data, row)), h("td", {}, visible(data.traits[row.trait]!, 40)), number(row.before), number(row.after), number(row.before === null || row.after === null ? null : row.after - row.before), h("td", { class: "num soft" }, row.low === null || row.high === null ? "" : `${figure(row.low)} \u2026 ${figure(row.high)}`)));
  const heads = ["organ", "angle", "trait", "before", "after", "change, nats", "95 % of the change"].map((text, k) => h("th", { scope: "col", class: k > 2 ? "num" : "" }, text));
  const table = h("div", { class: "scroll list", tabindex: 0, role: "region", "aria-label": "Organs that fall silent" }, h("table", { class: "listing" }, h("caption", { class: "unseen" }, "Organs that fall silent"), h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...lines)));
  return {
    room: "wide",
    title: "Which organs fall silent",
    says: called.length ? `${silent.size} of ${data.organs.length} organs lose share under some angle; ${called.length} changes of ${rows.length} are called${called.length > CALLED ? `, and the ${CALLED} largest losses among them listed` : ""}.` : rows.length ? `None of ${rows.length} changes under angles is called.` : "No change under an angle was measured.",
    body: called.length ? table : h("p", {}),
    sheet: {
      name: "organs-fall-silent",
      columns: ["organ", "angle", "use of the angle", "trait", "before, nats", "after, nats", "low of the change", "high of the change", "called"],
      rows: () => rows.map(([name, row]) => [name, data.angles[row.angle]!.name, data.angles[row.angle]!.use, data.traits[row.trait]!, row.before, row.after, row.low, row.high, row.called ? "yes" : "no"] as const),
    },
  };
}

/** How much of a share's size is lost. */
function lost({ before, after }: Silenced): number {
  return Math.abs(before ?? 0) - Math.abs(after ?? 0);
}

function angle(data: OrgansData, row: Silenced): string {
  const { name, use } = data.angles[row.angle]!;
  return angleName(name, use);
}

function number(value: number | null): HTMLElement {
  return h("td", { class: "num" }, value === null ? "\u2013" : figure(value));
}

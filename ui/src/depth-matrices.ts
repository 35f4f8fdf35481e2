// READ, PRESENT and USED, boundary by step, on one scale: nothing at chance, full at 1, the same in all of them and in
// their controls. No cell is marked, as nobody knows in which order steps come.
import { above } from "./depth-agree.ts";
import { type Cells, type DepthData, type Maybe, type Plain, why } from "./depth-data.ts";
import { h } from "./dom.ts";
import { type Box, figureBox, type Plot } from "./figure.ts";
import { cellAt, drawGrid, type Grid } from "./grid.ts";
import type { Cell } from "./sheet.ts";
import { interval, percent, visible } from "./text.ts";

const TINT = 0.6;
const KEYS: NonNullable<Plot["keys"]> = [["shade-above", "chance \u2026 1"], ["not-measured", "not measured"]];

export interface Way {
  name: string;
  cells: Cells;
}

interface Asked {
  title: string;
  says: string;
  /** The first is shown first, others behind a switch. */
  ways: readonly Way[];
  chance: readonly Maybe[];
  /** Figures that stand beside a cell when somebody asks for it. */
  controls?: readonly { name: string; values: Plain }[];
  sheet: string;
}

/** The figures of the three matrices; where one was not measured, why. */
export function threeMatrices(data: DepthData): Box[] {
  const { read, present, used } = data;
  const lens = read && ways([`${visible(read.lens, 20) || "logit"} lens`, read.cells], ["tuned lens", read.tuned]);
  const swaps = used && ways(["swap", used.cells], ["patch", used.patched], ["mean", used.mean]);
  const noTuned = read && !read.tuned ? ` Tuned lens: ${why(data, "tuned lens", "tuned").replace(/^Not/, "not")}` : "";
  return [
    made(data, ["matrices", "read"], read && { title: "READ", says: `How often the lens, among an item\u2019s choices, says the step\u2019s value at a boundary.${noTuned}`, ways: lens!, chance: read.chance, sheet: "depth-read" }),
    made(data, ["matrices", "present"], present && { title: "PRESENT", says: "How often a linear probe, fitted on other items, finds the step\u2019s value. Its controls stand below.", ways: ways(["probe", present.cells]), chance: present.chance, controls: plain(["shuffled", present.shuffled], ["newborn", present.newborn]), sheet: "depth-present" }),
    made(data, ["used", "matrices"], used && { title: "USED", says: "How often the model says the counterfactual answer after the step\u2019s class means were swapped.", ways: swaps!, chance: used.chance, controls: plain(["shuffled", used.shuffled]), sheet: "depth-used" }),
  ];
}

/** The controls as matrices of their own, on the same scale. */
export function controlMatrices(data: DepthData): Box[] {
  const { present, used } = data;
  const control = (title: string, says: string, values: Plain | null | undefined, chance: readonly Maybe[], names: readonly string[], sheet: string) =>
    made(data, names, values ? { title, says, ways: [{ name: title, cells: values.map((row) => row.map((value) => (value === null ? null : { value, low: null, high: null }))) }], chance, sheet } : null, title);
  return [
    control("PRESENT, shuffled", "The same probe, with the values dealt out among the items.", present?.shuffled, present?.chance ?? [], ["matrices", "present"], "depth-present-shuffled"),
    control("PRESENT, newborn", "The same probe in a model of the same build that was never trained.", present?.newborn, present?.chance ?? [], ["newborn", "matrices", "present"], "depth-present-newborn"),
    control("USED, shuffled", "The same swap, of classes that were dealt out.", used?.shuffled, used?.chance ?? [], ["used", "matrices"], "depth-used-shuffled"),
  ];
}

function ways(...named: readonly (readonly [string, Cells | null])[]): Way[] {
  return named.flatMap(([name, cells]) => (cells ? [{ name, cells }] : []));
}

function plain(...named: readonly (readonly [string, Plain | null])[]): { name: string; values: Plain }[] {
  return named.flatMap(([name, values]) => (values ? [{ name, values }] : []));
}

function made(data: DepthData, names: readonly string[], asked: Asked | null, title = names[0] === "used" ? "USED" : names[1]!.toUpperCase()): Box {
  if (!asked?.ways.length) {
    const body = h("p", { class: "empty" }, visible(why(data, ...names), 400));
    return figureBox({ title, says: "Boundary by step.", body, sheet: { name: `depth-${title.toLowerCase()}`, columns: ["boundary", "step", "share"], rows: () => [] } });
  }
  return matrixBox(data, asked);
}

export function matrixBox(data: DepthData, asked: Asked): Box {
  let way = asked.ways[0]!;
  const grid: Grid = {
    rows: data.layers.map((name) => visible(name, 6)),
    columns: data.steps.length,
    left: 46,
    row: 22,
    most: 420,
    label: (step, wide) => visible(data.steps[step]!, Math.max(3, Math.floor(wide / 6))),
    tint: (layer, step) => {
      const value = way.cells[layer]?.[step]?.value;
      return value == null ? null : TINT * above(value, asked.chance[step] ?? null);
    },
    text: (layer, step) => {
      const value = way.cells[layer]?.[step]?.value;
      return value == null ? "" : value.toFixed(2);
    },
  };
  const tools = choices(asked.ways, `Which ${asked.title}`, (chosen) => {
    way = chosen;
    box.redraw();
  });
  const box: Box = figureBox({
    title: asked.title,
    says: asked.says,
    tools,
    keys: KEYS,
    sheet: { name: asked.sheet, columns: columns(asked), rows: () => data.layers.flatMap((layer, l) => data.steps.map((step, s) => [layer, step, ...figures(asked, l, s)])) },
    draw: (canvas, width) => drawGrid(canvas, width, grid),
    over: (place, width) => {
      const at = cellAt(grid, width, place);
      return at ? `${visible(data.layers[at[0]]!, 20)}, ${visible(data.steps[at[1]]!, 30)}: ${said(asked, way, ...at)}` : "";
    },
  });
  return box;
}

/** A switch; where there is nothing to choose, its room, so that matrices beside each other stand at one height. */
function choices(named: readonly Way[], label: string, choose: (way: Way) => void): HTMLElement {
  if (named.length < 2) return h("div", { class: "choices" });
  const buttons = named.map((way, k) => {
    const button = h("button", { type: "button", class: "quiet", "aria-pressed": String(k === 0) }, way.name);
    button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      choose(way);
    });
    return button;
  });
  return h("div", { class: "choices", role: "group", "aria-label": label }, ...buttons);
}

function columns({ ways: named, controls = [] }: Asked): string[] {
  return ["boundary", "step", ...named.flatMap(({ name }) => [name, `${name}, low`, `${name}, high`]), ...controls.map(({ name }) => name), "chance"];
}

function figures({ ways: named, controls = [], chance }: Asked, layer: number, step: number): Cell[] {
  const cells = named.map(({ cells }) => cells[layer]?.[step] ?? null);
  return [...cells.flatMap((cell) => [cell?.value ?? null, cell?.low ?? null, cell?.high ?? null]), ...controls.map(({ values }) => values[layer]?.[step] ?? null), chance[step] ?? null];
}

/** A cell in words: its share with its interval, chance and controls. */
export function said({ controls = [], chance }: Pick<Asked, "controls" | "chance">, way: Way, layer: number, step: number): string {
  const cell = way.cells[layer]?.[step];
  if (cell?.value == null) return "not measured";
  const beside = controls.map(({ name, values }) => `, ${name} ${percent(values[layer]?.[step] ?? null)}`).join("");
  return `${percent(cell.value)}${interval(cell.low, cell.high, percent)}, chance ${percent(chance[step] ?? null)}${beside}`;
}

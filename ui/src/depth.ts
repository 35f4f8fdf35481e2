// The chapter *depth*: how many steps the model thinks with no token, which of them are readable, and which are used.
import { heading, factTable, protocol } from "./chapter.ts";
import { checksPanel, figuresLine } from "./checks.ts";
import { disagreement } from "./depth-agree.ts";
import { type DepthData, depthData, type DepthMain, type Planning, why } from "./depth-data.ts";
import { commitmentPlot, curvePlot } from "./depth-levels.ts";
import { controlMatrices, threeMatrices } from "./depth-matrices.ts";
import { familyHead, familyPlots } from "./depth-silent.ts";
import { h } from "./dom.ts";
import { type Box, figureBox, type Plot } from "./figure.ts";
import { type Check, type Fact, whenWhole } from "./payload.ts";
import { Shelf } from "./shelf.ts";
import { count, figure, figured, interval, percent, visible } from "./text.ts";

/** Draws the chapter into `place`: its head at once, its figures when the document is whole and somebody comes near. */
export function renderDepth(place: HTMLElement, main: DepthMain): () => void {
  const shelf = new Shelf();
  const room = h("div", { class: "room depth-room" }, h("p", { class: "soft waiting" }, "Reading the matrices \u2026"));
  const tiles = depthTiles(main);
  const unknown = main.known ? [] : [h("p", { class: "note warning" }, h("b", {}, "Not reliable: this version of the page does not know this verdict."))];
  place.append(h("section", { class: "chapter", id: "depth" }, heading("depth", main), ...unknown, checksPanel(tiles), tallies(main), figuresLine(main.numbers, tiles), room, ...notes(main), protocol(main)));
  whenWhole(() => {
    const data = depthData();
    room.replaceChildren(...(data ? rooms(data, shelf) : [h("p", { class: "empty" }, "This page carries no figures of depth.")]));
  });
  return shelf.redraw;
}

/** Accuracy, the level of the matrices, the first k50, and the bound. */
export function depthTiles({ task, bound, numbers }: DepthMain): Check[] {
  const k50 = numbers.find(({ name, value }) => name.startsWith("k50, ") && value !== null);
  const ends = (low: number | null, high: number | null, shown: (value: number) => string) => interval(low, high, shown).replace(/^ \(|\)$/g, "");
  return [
    { name: "accuracy with no token between", text: percent(task.accuracy), bar: ends(task.low, task.high, percent), holds: null },
    { name: "steps of the matrices\u2019 level", text: task.k === null ? "\u2013" : `k = ${figure(task.k)}`, bar: task.k === null ? "" : task.solved ? "solved" : "not solved", holds: null },
    k50 ? { name: visible(k50.name, 60), text: figured(k50.value), bar: ends(k50.low, k50.high, figure), holds: null } : { name: "k50", text: "none", bar: "", holds: null },
    { name: "serial steps at most", text: figured(bound.serial), bar: "", holds: null },
  ];
}

function tallies({ task }: DepthMain): HTMLElement {
  const part = (label: string, value: string) => h("span", {}, h("span", { class: "soft" }, `${label} `), value || "\u2013");
  return h("p", { class: "meta" }, part("task", visible(task.name, 60)), part("items", task.items === null ? "" : count(task.items)), part("presentation", visible(task.presentation, 60)), part("read at", visible(task.position, 60)), part("right among all tokens", percent(task.free)));
}

function rooms(data: DepthData, shelf: Shelf): HTMLElement[] {
  const put = (make: () => Box, height = 430) => shelf.put(height, make);
  const grid = (...plots: Plot[]) => h("div", { class: "figures-grid" }, ...plots.map((plot) => put(() => figureBox(plot))));
  const beside = (...plots: Plot[]) => put(() => three(plots.map(figureBox)));
  return [
    h("h3", {}, "Read, present, used"),
    h("p", { class: "agree" }, disagreement(data)),
    h("p", { class: "soft small" }, "Rows: boundaries of the stream, in the order of the layers. Columns: steps, in the order of the task. A step counts from the first boundary at which its interval lies above chance and controls, by at least half (READ) or a tenth of what is above them. Swap: the class mean of one value is exchanged for another\u2019s; patch: the whole state comes from another item; mean: the state is only the other value\u2019s mean."),
    put(() => three(threeMatrices(data)), 520),
    h("h4", { class: "controls-head" }, "Controls, on the same scale"),
    put(() => three(controlMatrices(data)), 460),
    h("h3", {}, "How many steps with no token"),
    h("p", { class: "soft small" }, visible(data.bound.says, 300) || "The reading gives no bound of the architecture."),
    data.k50.length ? grid(...data.k50.map((curve, k) => curvePlot(curve, k + 1))) : h("p", { class: "empty" }, "No curve: no presentation was asked."),
    h("h3", {}, "Answers with no visible step"),
    ...(data.nocot ?? []).map((family, k) => h("div", { class: "family" }, familyHead(family), family.conditions.length + family.by_difficulty.length > 0 && beside(...familyPlots(family, k + 1)))),
    data.nocot ? null : h("p", { class: "empty" }, visible(why(data, "nocot", "no-CoT"), 400)),
    h("h3", {}, "Planning"),
    ...(data.planning ? [plans(data.planning, shelf)] : [h("p", { class: "empty" }, visible(why(data, "planning"), 400))]),
    ...unavailable(data),
  ].filter((element) => element !== null);
}

function three(boxes: readonly Box[]): Box {
  return { element: h("div", { class: "depth-matrices" }, ...boxes.map(({ element }) => element)), redraw: () => boxes.forEach((box) => box.redraw()) };
}

function plans(planning: Planning, shelf: Shelf): HTMLElement {
  const told = (title: string, facts: readonly Fact[] | null) => h("div", { class: "plan" }, h("h4", {}, title), facts?.length ? factTable(facts.map(rounded), title) : h("p", { class: "empty" }, "Not measured: the reading holds nothing of it."));
  const curve = planning.commitment.length ? shelf.put(430, () => figureBox(commitmentPlot(planning))) : h("p", { class: "empty" }, "No commitment curve: the reading holds none.");
  return h("div", {}, planning.says && h("p", { class: "soft small" }, visible(planning.says, 400)), grid(curve, planning, told));
}

type Told = (title: string, facts: readonly Fact[] | null) => HTMLElement;

function grid(curve: HTMLElement, planning: Planning, told: Told): HTMLElement {
  return h("div", { class: "depth-matrices" }, curve, told("Announce, then do", planning.announce), told("Nothing announced: middle against end", planning.forked), told("Regeneration", planning.regeneration), told("Myopia gap", planning.myopia));
}

/** A fact whose value is a number, as figures are written. */
function rounded([name, value]: Fact): Fact {
  return [name, /^-?\d+\.\d+(e-?\d+)?$/.test(value) ? figure(Number(value)) : value];
}

function unavailable({ unavailable: left }: DepthData): HTMLElement[] {
  if (!left.length) return [];
  return [h("h3", {}, "What was not measured"), h("ul", { class: "plain-list" }, ...left.slice(0, 40).map((text) => h("li", {}, visible(text, 400))))];
}

function notes({ left_out }: DepthMain): HTMLElement[] {
  const words = { layers: "boundaries", steps: "steps", curves: "presentations", families: "families of puzzles" };
  const parts = Object.entries(left_out).map(([name, size]) => `${count(size)} ${words[name as keyof typeof words]}`);
  return parts.length ? [h("p", { class: "note" }, `The page has no room for ${parts.join(", ")} more; they are in the run folder.`)] : [];
}

// Does the face break where text is uncommon, or where the model's state is? Breakage against each of four numbers, and
// the quadrant in which a common text puts the model into a distant state.
import { MEASURED } from "./angle-card.ts";
import { h } from "./dom.ts";
import { type Breakage, type FaceData, type Measure, MEASURES } from "./face-data.ts";
import { type Box, figureBox, type Plot } from "./figure.ts";
import type { Tone } from "./glyph.ts";
import { type Frame, linear } from "./plot.ts";
import { scatter } from "./scatter.ts";
import type { Selection } from "./selection.ts";
import { figure, figured, interval, percent, visible } from "./text.ts";

const HEIGHT = 320;
const NAMED = 4;
/** Where clean prompts end when the reading does not say: one in twenty of them lies beyond. */
const END = 1.645;

export interface Shown {
  data: FaceData;
  selection: Selection;
  forms: ReadonlyMap<string, number>;
  tone(): Tone;
}

/** Breakage against the number that is picked, with the buttons that pick one. */
export function breakageBox(shown: Shown): Box {
  const there = MEASURES.filter((name) => shown.data.angles.some((angle) => angle.commonness[name]?.z != null));
  let picked: Measure = there.includes("distance") ? "distance" : (there[0] ?? "bits");
  const element = h("div", {});
  let box: Box;
  const buttons = MEASURES.map((name) => {
    const button = h("button", { type: "button", class: "quiet", disabled: !there.includes(name) }, name);
    button.addEventListener("click", () => show(name));
    return button;
  });
  const tools = h("div", { class: "choices many", role: "group", "aria-label": "Which number of commonness" }, ...buttons);
  const show = (name: Measure) => {
    picked = name;
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(MEASURES[k] === picked)));
    const focused = document.activeElement;
    box = figureBox(breakagePlot(shown, picked, tools));
    element.replaceChildren(box.element);
    if (focused instanceof HTMLElement && tools.contains(focused)) focused.focus();
    box.redraw();
  };
  show(picked);
  return { element, redraw: () => box.redraw() };
}

function breakagePlot({ data, selection, forms, tone }: Shown, measure: Measure, tools: HTMLElement): Plot {
  const { angles } = data;
  const spots = angles.flatMap(({ own, commonness }, index) => {
    const [x, value] = [commonness[measure]?.z ?? null, own?.value ?? null];
    return x === null || value === null ? [] : [{ index, x, y: 1 - value }];
  });
  const { title, unit } = MEASURED[measure];
  const xs = spots.map(({ x }) => x);
  return {
    title: "Breakage against commonness",
    says: `${verdict(data.breakage, measure)} Breakage is 1 \u2212 own share; z compares with clean prompts of like length.`,
    tools,
    sheet: {
      name: `breakage-${measure}`,
      columns: ["angle", `${measure}, ${unit}`, `${measure}, z`, "breakage", "called"],
      rows: () => angles.map((angle) => [angle.angle, angle.commonness[measure]?.value ?? null, angle.commonness[measure]?.z ?? null, angle.own?.value == null ? null : 1 - angle.own.value, angle.called ? "yes" : "no"] as const),
    },
    ...scatter({
      selection, forms, tone, height: HEIGHT, spots,
      axes: (width) => [linear(`${title}, z`, xs, width / 80), linear("breakage", [0, 1], 5, true)],
      named: worst(spots.filter(({ index }) => angles[index]!.called).map(({ index, y }) => [index, y])),
      said: (k) => `breakage ${percent(1 - angles[k]!.own!.value!)}, ${measure} z ${figured(angles[k]!.commonness[measure]?.z)}`,
    }),
  };
}

/** What the areas under the curve say of one number, beside the best of the others. */
export function verdict(rows: readonly Breakage[], measure: string): string {
  const found = rows.find((row) => row.measure === measure);
  if (found?.auc == null) return `No area under the curve was computed for ${measure}.`;
  const matched = found.matched === null ? "" : `, ${figure(found.matched)} matched in length`;
  const others = rows.filter((row) => row !== found && row.auc !== null).sort((a, b) => b.auc! - a.auc!);
  const best = others[0] ? ` The best of the others is ${visible(others[0].measure, 40)} with ${figure(others[0].auc!)}.` : "";
  return `${sentence(measure)} tells broken from kept with AUC ${figure(found.auc)}${interval(found.low, found.high)}${matched}.${best}`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1, 40);
}

function worst(rows: readonly (readonly [index: number, y: number])[]): number[] {
  return [...rows].sort(([, a], [, b]) => b - a).slice(0, NAMED).map(([index]) => index);
}

/** Text and state on two axes, with the uncanny quadrant shaded. */
export function uncannyPlot({ data, selection, forms, tone }: Shown): Plot {
  const { angles } = data;
  const [common, distant] = [data.quadrant?.bits ?? END, data.quadrant?.distance ?? END];
  const spots = angles.flatMap(({ commonness }, index) => {
    const [x, y] = [commonness.bits?.z ?? null, commonness.distance?.z ?? null];
    return x === null || y === null ? [] : [{ index, x, y }];
  });
  const uncanny = angles.filter((angle) => angle.uncanny);
  const broken = uncanny.filter((angle) => angle.called).length;
  return {
    title: "The uncanny quadrant",
    says: `${uncanny.length} ${uncanny.length === 1 ? "angle has" : "angles have"} a text as common as clean prompts (z \u2264 ${figure(common)}) and a state beyond theirs (z > ${figure(distant)}); ${broken} of them ${broken === 1 ? "is" : "are"} called.`,
    keys: [["shade-uncanny", "common text, distant state"]],
    sheet: {
      name: "uncanny-quadrant",
      columns: ["angle", "bits, z", "distance, z", "uncanny", "called"],
      rows: () => angles.map(({ angle, commonness, uncanny, called }) => [angle, commonness.bits?.z ?? null, commonness.distance?.z ?? null, uncanny ? "yes" : "no", called ? "yes" : "no"] as const),
    },
    ...scatter({
      selection, forms, tone, height: HEIGHT, spots,
      axes: (width) => [linear("bits of the text, z", [common, ...spots.map(({ x }) => x)], width / 80), linear("distance of the state, z", [distant, ...spots.map(({ y }) => y)], 6)],
      under: (made) => shade(made, common, distant),
      named: worst(spots.filter(({ index }) => angles[index]!.uncanny).map(({ index, y }) => [index, y])),
      said: (k) => `bits z ${figured(angles[k]!.commonness.bits?.z)}, distance z ${figured(angles[k]!.commonness.distance?.z)}${angles[k]!.uncanny ? ", uncanny" : ""}`,
    }),
  };
}

function shade({ context, colours, left, top, x, y }: Frame, common: number, distant: number): void {
  const [right, bottom] = [x(common), y(distant)];
  context.fillStyle = colours.hues[3]!;
  context.globalAlpha = 0.12;
  context.fillRect(left + 1, top, right - left - 1, bottom - top);
  context.globalAlpha = 1;
  context.setLineDash([4, 3]);
  context.strokeStyle = colours.soft;
  context.beginPath();
  context.moveTo(left, bottom);
  context.lineTo(right, bottom);
  context.lineTo(right, top);
  context.stroke();
  context.setLineDash([]);
}

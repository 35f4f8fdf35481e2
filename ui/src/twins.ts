// Models that were trained alike: where they agree, where they part beyond the noise of sampling, and on what.
import { heading, protocol } from "./chapter.ts";
import { figuresLine } from "./checks.ts";
import { fitted, sharpened } from "./draw.ts";
import { h } from "./dom.ts";
import { type Twins, twinsData } from "./face-data.ts";
import { figureBox, type Plot } from "./figure.ts";
import { type Reading, whenWhole } from "./payload.ts";
import type { Selection } from "./selection.ts";
import { Shelf } from "./shelf.ts";
import { count, figure, figured, interval, percent, visible } from "./text.ts";
import { type Ink, ink } from "./theme.ts";

const MOST = 24;
const ROW = 19;
const TOP = 22;
const HIGH = 132;

/** The chapter of a run of twins alone. */
export function renderTwins(place: HTMLElement, reading: Reading): () => void {
  const shelf = new Shelf();
  const room = h("div", {});
  place.append(h("section", { class: "chapter", id: "twins" }, heading("twins", reading), figuresLine(reading.numbers, []), room, protocol(reading)));
  whenWhole(() => {
    const data = twinsData();
    if (data) room.append(twinsRoom(shelf, data, null));
  });
  return shelf.redraw;
}

/** The figures of twins; `selection` where a face stands beside them. */
export function twinsRoom(shelf: Shelf, data: Twins, selection: Selection | null): HTMLElement {
  const names = data.models.map((name) => visible(name, 60)).join(", ");
  const said = data.agreement?.value == null ? "" : ` They agree on ${percent(data.agreement.value)}${interval(data.agreement.low, data.agreement.high, percent)} of the replies to clean prompts.`;
  return h(
    "div",
    { class: "room" },
    h("h3", { class: selection ? "" : "unseen" }, "Twins"),
    h("p", { class: "lead" }, `${count(data.models.length)} models that were trained alike: ${names}.${said}`),
    h(
      "div",
      { class: "figures-grid" },
      data.angles.length > 0 && shelf.put(618, () => figureBox(divergencePlot(data, selection))),
      h("div", { class: "stack" }, shelf.put(120, () => figureBox(splitPlot(data, selection))), data.bins.length > 0 && shelf.put(300, () => figureBox(binPlot(data)))),
    ),
  );
}

type Row = Twins["angles"][number];

function divergencePlot(data: Twins, selection: Selection | null): Plot {
  const rows = [...data.angles].sort((a, b) => (b.divergence?.value ?? -1) - (a.divergence?.value ?? -1));
  const listed = rows.slice(0, MOST);
  const called = rows.filter((row) => row.called).length;
  const above = rows.filter((row) => row.divergence?.value != null && row.floor !== null && row.divergence.value > row.floor).length;
  const under = (y: number) => listed[Math.floor((y - TOP) / ROW)];
  return {
    room: "tall",
    title: "Where twins part",
    says: `Divergence of their replies, in bits, with 95 % intervals; the tick is what sampling alone would give. ${called} of ${rows.length} angles are called, ${above} lie above the floor.${rows.length > MOST ? ` The ${MOST} largest are drawn.` : ""}`,
    keys: [["mark-disc", "called"], ["mark-open", "not called"], ["tick-floor", "sampling floor"]],
    sheet: {
      name: "twins-by-angle",
      columns: ["angle", "divergence, bits", "low", "high", "sampling floor, bits", "p", "called", "agreement", "agreement on clean prompts"],
      rows: () => rows.map((row) => [row.angle, row.divergence?.value ?? null, row.divergence?.low ?? null, row.divergence?.high ?? null, row.floor, row.p, row.called ? "yes" : "no", row.agreement, row.clean_agreement] as const),
    },
    draw: (canvas, width) => drawRows(canvas, width, listed, selection),
    over: ({ y }) => {
      const row = under(y);
      return row ? `${visible(row.angle, 60)}: ${figured(row.divergence?.value)} bits, floor ${figured(row.floor)}, agree on ${percent(row.agreement)}` : "";
    },
    ...(selection ? { press: ({ y }: { y: number }) => selection.named(under(y)?.angle ?? "") } : {}),
  };
}

function drawRows(canvas: HTMLCanvasElement, width: number, rows: readonly Row[], selection: Selection | null): void {
  const context = sharpened(canvas, width, TOP + ROW * rows.length + 6);
  if (!context) return;
  const colours = ink();
  const left = Math.min(150, width * 0.38);
  const most = Math.max(1e-9, ...rows.flatMap((row) => [row.divergence?.high ?? row.divergence?.value ?? 0, row.floor ?? 0]));
  const x = (bits: number) => left + (Math.max(0, bits) / most) * (width - left - 10);
  const family = getComputedStyle(document.body).fontFamily;
  context.font = `11px ${family}`;
  context.fillStyle = colours.soft;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.fillText("0", left - 3, 12);
  context.textAlign = "right";
  context.fillText(`${figure(most)} bits`, width - 2, 12);
  context.fillStyle = colours.strong;
  context.fillRect(left, TOP - 4, 1, ROW * rows.length + 6);
  rows.forEach((row, k) => {
    const y = TOP + (k + 0.5) * ROW;
    const chosen = selection?.index != null && selection.angles[selection.index]!.angle === row.angle;
    context.font = `${chosen ? "600 " : ""}11.5px ${family}`;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = chosen ? colours.focus : colours.ink;
    context.fillText(fitted(context, visible(row.angle, 60), left - 12), left - 8, y);
    drawReading(context, colours, row, x, y);
  });
}

function line(context: CanvasRenderingContext2D, colour: string, wide: number, x1: number, y1: number, x2: number, y2: number): void {
  context.strokeStyle = colour;
  context.lineWidth = wide;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function drawReading(context: CanvasRenderingContext2D, colours: Ink, { divergence, floor, called }: Row, x: (bits: number) => number, y: number): void {
  if (floor !== null) line(context, colours.soft, 1.5, x(floor), y - 6, x(floor), y + 6);
  if (divergence?.value == null) return;
  const colour = called ? colours.positive : colours.soft;
  if (divergence.low !== null && divergence.high !== null) line(context, colour, 1.5, x(divergence.low), y, x(divergence.high), y);
  context.fillStyle = called ? colour : colours.paper;
  context.strokeStyle = colour;
  context.beginPath();
  context.arc(x(divergence.value), y, 3.8, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

/** Angles on which models part that agree on the clean prompts. */
function splitPlot(data: Twins, selection: Selection | null): Plot {
  const names = data.split.map((angle) => {
    const name = visible(angle, 80);
    return h("li", {}, selection?.has(angle) ? h("button", { type: "button", class: "link", click: () => selection.named(angle) }, name) : name);
  });
  return {
    title: "Agree on clean, split on angle",
    says: names.length ? `${names.length} angles part models that answer the clean prompts alike.` : "No angle parts models that answer the clean prompts alike.",
    body: h("ul", { class: "names" }, ...names),
    sheet: { name: "twins-split", columns: ["angle"], rows: () => data.split.map((angle) => [angle]) },
  };
}

/** Divergence in bins of each number of commonness. */
function binPlot(data: Twins): Plot {
  const measures = [...new Set(data.bins.map((bin) => bin.measure))];
  const most = Math.max(1e-9, ...data.bins.flatMap((bin) => [bin.divergence?.high ?? bin.divergence?.value ?? 0, bin.floor ?? 0]));
  return {
    title: "Where text is uncommon",
    says: "Divergence in bins of each number of commonness, from the most to the least common text; the tick is the sampling floor.",
    keys: [["own", "divergence, bits"], ["tick-floor", "sampling floor"]],
    sheet: {
      name: "twins-by-commonness",
      columns: ["measure", "bin", "from", "to", "divergence, bits", "low", "high", "sampling floor, bits"],
      rows: () => data.bins.map((bin) => [bin.measure, bin.bin, bin.low, bin.high, bin.divergence?.value ?? null, bin.divergence?.low ?? null, bin.divergence?.high ?? null, bin.floor] as const),
    },
    draw: (canvas, width) => {
      const columns = Math.max(1, Math.min(measures.length, Math.floor(width / 130)));
      const context = sharpened(canvas, width, Math.ceil(measures.length / columns) * (HIGH + 12));
      if (!context) return;
      const colours = ink();
      const wide = width / columns;
      measures.forEach((measure, k) => drawBins(context, colours, data.bins.filter((bin) => bin.measure === measure), measure, most, { x: (k % columns) * wide, y: Math.floor(k / columns) * (HIGH + 12), wide: wide - 14 }));
    },
  };
}

function drawBins(context: CanvasRenderingContext2D, colours: Ink, bins: Twins["bins"], measure: string, most: number, { x, y, wide }: { x: number; y: number; wide: number }): void {
  const [top, bottom] = [y + 20, y + HIGH - 16];
  const family = getComputedStyle(document.body).fontFamily;
  context.font = `11.5px ${family}`;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.fillStyle = colours.ink;
  context.fillText(fitted(context, visible(measure, 30), wide), x, y + 11);
  const step = wide / Math.max(1, bins.length);
  bins.forEach((bin, k) => {
    const y = (bits: number) => bottom - (Math.max(0, bits) / most) * (bottom - top);
    const { value, low, high } = bin.divergence ?? { value: null, low: null, high: null };
    const middle = x + (k + 0.5) * step - 0.5;
    context.fillStyle = colours.positive;
    if (value !== null) context.fillRect(x + k * step + 2, y(value), step - 5, bottom - y(value));
    context.lineWidth = 1.5;
    if (low !== null && high !== null) for (const [colour, wide] of [[colours.paper, 3.5], [colours.ink, 1.5]] as const) line(context, colour, wide, middle, y(low), middle, y(high));
    if (bin.floor !== null) line(context, colours.ink, 1.5, x + k * step, y(bin.floor), x + (k + 1) * step - 3, y(bin.floor));
  });
  context.strokeStyle = colours.soft;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, bottom + 0.5);
  context.lineTo(x + wide, bottom + 0.5);
  context.stroke();
  context.font = `10px ${family}`;
  context.fillStyle = colours.soft;
  context.textBaseline = "top";
  const ends = [bins[0]?.low, bins.at(-1)?.high];
  context.fillText(figured(ends[0]), x, bottom + 4);
  context.textAlign = "right";
  context.fillText(figured(ends[1]), x + wide, bottom + 4);
}

// The chapter *average*: how much of what the model says an average of its text would also have said, token by token.
import { type AverageData, averageData, averageInfluence, type AverageMain, averageTexts, type Influence, type SaidText } from "./average-data.ts";
import { brokenPlot, divergencePlot } from "./average-face.ts";
import { InfluenceReader } from "./average-influence.ts";
import { ledgerBox } from "./average-ledger.ts";
import { bracketPlot, bracketText, coveragePlot, distancePlot, supportPlot } from "./average-plots.ts";
import { parseTextHash, TextReader } from "./average-text.ts";
import { heading, protocol } from "./chapter.ts";
import { checksPanel, figuresLine } from "./checks.ts";
import { h } from "./dom.ts";
import { figureBox, type Plot } from "./figure.ts";
import { type Check, whenWhole } from "./payload.ts";
import { Shelf } from "./shelf.ts";
import { count, figure, figured, interval, percent, visible } from "./text.ts";

/** Figures of the reading that the tiles say already. */
const SAID = ["share with a perfect averager, at least", "share with a perfect averager, at most"];

/** Ceiling below which a share is not determined. */
const LEAST_CEILING = 0.69;

/** Draws the chapter into `place`: its head at once, its figures when the document is whole and somebody comes near. */
export function renderAverage(place: HTMLElement, main: AverageMain, face: boolean): () => void {
  const shelf = new Shelf();
  const section = h("section", { class: "chapter", id: "average" }, heading("average", main));
  place.append(section);
  if (main.refused) {
    section.append(h("div", { class: "refusal" }, h("h3", {}, "No share is shown"), h("p", {}, visible(main.reason, 800))), figuresLine(main.numbers, []), protocol(main));
    return () => undefined;
  }
  const room = h("div", { class: "room average-room" }, h("p", { class: "soft waiting" }, "Reading the texts \u2026"));
  const tiles = headTiles(main);
  section.append(...warning(main), checksPanel(tiles), tallies(main), figuresLine(main.numbers, [...tiles, ...SAID.map((name) => ({ name, bar: "", holds: null }))]), caveat(main), room, ...notes(main), protocol(main));
  whenWhole(() => {
    const data = averageData();
    if (!data) return room.replaceChildren(h("p", { class: "empty" }, "This page carries no figures of the average."));
    room.replaceChildren(...rooms(data, averageTexts(), averageInfluence(), main.sure === true, face, shelf));
  });
  return shelf.redraw;
}

function warning({ sure, verdict }: AverageMain): HTMLElement[] {
  if (sure) return [];
  const known = verdict === "not determined" || verdict === "measured";
  const text = known
    ? "Not determined: even what the corpus was drawn from would share too little with an average of so much text, so the share below says little about the model. Index more text."
    : "Not reliable: this version of the page does not know this verdict.";
  return [h("p", { class: "note warning" }, h("b", {}, text))];
}

/** The headline: the share with its interval, the bracket or that it is not determined, the ceiling, and the index. */
export function headTiles({ headline, corpus, sure }: AverageMain): Check[] {
  if (!headline) return [];
  const { overlap, low, high, ceiling, bracket } = headline;
  const ends = interval(low, high, percent).replace(/^ \(|\)$/g, "");
  return [
    { name: "bracket", text: sure && bracket ? bracketText(bracket) : "not determined", bar: "", holds: null },
    { name: "overlap with the average", text: percent(overlap), bar: ends, holds: null },
    { name: "ceiling", text: percent(ceiling), bar: `\u2265 ${figure(100 * LEAST_CEILING)} %`, holds: ceiling === null ? null : headline.determined },
    { name: "indexed of the training text", text: corpus?.fraction == null ? "not known" : percent(corpus.fraction), bar: "", holds: null },
  ];
}

function tallies({ counts, corpus }: AverageMain): HTMLElement {
  const part = (label: string, value: string) => h("span", {}, h("span", { class: "soft" }, `${label} `), value);
  if (!counts || !corpus) return h("p", { class: "meta" });
  const amount = (value: number | null) => (value === null ? "\u2013" : count(value));
  return h("p", { class: "meta" }, part("corpus", visible(corpus.name, 60) || "\u2013"), part("its tokens", amount(corpus.tokens)), part("documents", amount(corpus.documents)), part("texts", count(counts.texts)), part("their tokens", count(counts.tokens)), part("strata", count(counts.parts)));
}

/** Without this none of the numbers can be read. */
function caveat({ corpus }: AverageMain): HTMLElement {
  const of = corpus?.fraction ?? null;
  const indexed = of === null ? "Nobody said which part of the model\u2019s training text the index holds." : of >= 1 ? "The index holds all of the model\u2019s training text." : `The index holds ${percent(of)} of the model\u2019s training text.`;
  const rest = of !== null && of >= 1 ? "" : " What is missing from it is counted as the model\u2019s own.";
  return h("p", { class: "note" }, `${indexed}${rest} What is not shared is not explained by averages of this corpus; whether it is explained by more text is not known.`);
}

function rooms(data: AverageData, texts: SaidText[], moved: Influence | null, sure: boolean, face: boolean, shelf: Shelf): HTMLElement[] {
  const put = (plot: Plot, height = 430) => shelf.put(height, () => figureBox(plot));
  const grid = (...plots: Plot[]) => h("div", { class: "figures-grid" }, ...plots.map((plot) => put(plot)));
  const rungs = data.ledger.map(({ rung }) => rung);
  const reader = texts.length > 0 && shelf.put(520, () => new TextReader(texts, rungs));
  if (reader) followText(reader, shelf, texts.length);
  const toFace = face && h("p", { class: "links" }, h("a", { href: "#face/" }, "Which angles break the face"));
  return [
    h("h3", {}, "How much is shared"),
    put(bracketPlot(data, sure), 300),
    h("h3", {}, "Token by token"),
    reader || h("p", { class: "empty" }, "The reading shows no text token by token."),
    ...documentsRoom(moved, shelf),
    ...(data.ledger.length ? [h("h3", {}, "Where the bits come from"), ...nearSaid(data), shelf.put(460, () => ledgerBox(data))] : []),
    h("h3", {}, "The average and the face"),
    ...(toFace ? [toFace] : []),
    grid(brokenPlot(data.by_support), divergencePlot(data.by_support)),
    h("h3", {}, "How far the corpus reaches"),
    grid(supportPlot(data.support), coveragePlot(data), distancePlot(data.distance)),
  ];
}

/** The attribution to documents, where one was asked for. */
function documentsRoom(moved: Influence | null, shelf: Shelf): HTMLElement[] {
  if (!moved) return [];
  const left = moved.left_out > 0 && h("p", { class: "note" }, `${figured(moved.left_out)} more texts were attributed; they are in the run folder.`);
  const room = moved.texts.length ? shelf.put(480, () => new InfluenceReader(moved)) : h("p", { class: "empty" }, "No text was attributed to documents.");
  return [h("h3", {}, "Which documents move it"), room, ...(left ? [left] : [])];
}

/** What the rung of near states rests on, and what is shared without it. */
function nearSaid({ neighbours }: AverageData): HTMLElement[] {
  if (!neighbours) return [];
  const { layer, places, documents, weight, counts } = neighbours;
  const text = `The rung \u201cneighbours\u201d is what followed the nearest of the model\u2019s own states, ${visible(layer, 40)}, at ${places === null ? "\u2013" : count(places)} places in ${documents === null ? "\u2013" : count(documents)} documents, each text\u2019s own left out; its weight is ${figured(weight)}. By counts alone the share is ${percent(counts.overlap)}${interval(counts.low, counts.high, percent)}; coverage and distance are by counts alone.`;
  return [h("p", { class: "note" }, text)];
}

/** Brings the texts into sight when an address names one of them. */
function followText(reader: HTMLElement, shelf: Shelf, texts: number): void {
  const follow = () => {
    if (parseTextHash(location.hash, texts) === null) return;
    shelf.need(reader);
    const { top, bottom } = reader.getBoundingClientRect();
    if (top > innerHeight - 80 || bottom < 80) reader.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", follow);
  requestAnimationFrame(follow);
}

function notes({ left_out, counts }: AverageMain): HTMLElement[] {
  const texts: string[] = [];
  if (left_out) texts.push(`${figured(left_out)} of ${count(counts?.shown ?? left_out)} texts are not shown token by token, because the page has no room for them.`);
  if (counts?.tokens_left) texts.push(`${count(counts.tokens_left)} tokens of long texts are not shown.`);
  return texts.length ? [h("p", { class: "note" }, `${texts.join(" ")} All of them are in every number, and in the run folder.`)] : [];
}

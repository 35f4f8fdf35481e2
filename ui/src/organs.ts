// The chapter *organs*: which groups of heads and neurons act together, what each serves, and what speaks for it.
import { heading, protocol } from "./chapter.ts";
import { figuresLine } from "./checks.ts";
import { h } from "./dom.ts";
import { faceData } from "./face-data.ts";
import { type Box, figureBox, type Plot } from "./figure.ts";
import { badges, organCard } from "./organ-card.ts";
import { type Maybe, organLeaves, type OrgansData, organsData, type OrgansMain, type Whole } from "./organ-data.ts";
import { OrganLedger } from "./organ-ledger.ts";
import { mapPlot, silentPlot } from "./organ-map.ts";
import { besidePlot, choicePlot, removalPlot, specificPlot, twinPlot } from "./organ-proof.ts";
import { parseMapHash } from "./organ-route.ts";
import { OrganZoom } from "./organ-zoom.ts";
import { type MiddleData, whenWhole } from "./payload.ts";
import { Shelf } from "./shelf.ts";
import { count, figured, interval, percent, signed, visible } from "./text.ts";

/** What a verdict means for what may be believed; said first, in plain words. */
const PLAIN: Record<string, string> = {
  diffuse: "No organs: these traits are spread over leaves that do not fall into groups. What clustering returned all the same is below, covered.",
  unstable: "Not reliable: groups were found, but other prompts of the same kind would give other groups. They are below, covered.",
  "not determined": "Not determined: there is too little here to tell whether organs exist. This is no finding that there are none.",
};

/** Draws the chapter into `place`: its head at once, its figures when the document is whole and somebody comes near. */
export function renderOrgans(place: HTMLElement, main: OrgansMain, middle: MiddleData | undefined): () => void {
  const shelf = new Shelf();
  const section = h("section", { class: "chapter", id: "organs" }, heading("organs", main));
  place.append(section);
  if (main.refused) {
    section.append(refused(main), figuresLine(main.numbers, []), protocol(main));
    return () => undefined;
  }
  const room = h("div", { class: "room organ-room" }, h("p", { class: "soft waiting" }, "Reading the organs \u2026"));
  section.append(...warning(main), tallies(main), figuresLine(main.numbers, []), room, ...notes(main), protocol(main));
  const boxes: Box[] = [];
  whenWhole(() => {
    const data = organsData();
    if (!data) return room.replaceChildren(h("p", { class: "empty" }, "This page carries no figures of the organs."));
    room.replaceChildren(...rooms({ data, leaves: organLeaves(), middle, faces: new Set(faceData()?.angles.map(({ angle }) => angle)) }, main, shelf, boxes));
  });
  return () => {
    shelf.redraw();
    boxes.forEach((box) => box.redraw());
  };
}

/** The angles whose map of organs can be shown. */
export function anglesOf(main: OrgansMain | undefined): ReadonlySet<string> {
  return new Set(main?.sure ? main.angles : []);
}

function refused(main: OrgansMain): HTMLElement {
  const rows = (main.measured ?? []).map(([trait, delta]) => h("tr", {}, h("th", { scope: "row" }, visible(trait, 60)), h("td", { class: "num" }, delta === null ? "\u2013" : signed(delta, 4))));
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "trait"), h("th", { scope: "col", class: "num" }, "\u0394, nats")));
  const table = h("table", { class: "listing" }, h("caption", { class: "unseen" }, "Measured differences by trait"), head, h("tbody", {}, ...rows));
  return h("div", { class: "refusal" }, h("h3", {}, "No shares are shown"), h("p", {}, visible(main.reason, 800)), rows.length > 0 && h("p", { class: "soft" }, "What plain forward passes measured stands: the mean difference of each trait."), rows.length > 0 && table);
}

function warning(main: OrgansMain): HTMLElement[] {
  if (main.sure) return [];
  const text = PLAIN[main.verdict] ?? "Not reliable: this version of the page does not know this verdict, and covers what was found.";
  return [h("p", { class: "note warning" }, h("b", {}, text))];
}

function tallies({ counts, sure }: OrgansMain): HTMLElement {
  const part = (label: string, value: string) => h("span", {}, h("span", { class: "soft" }, `${label} `), value);
  if (!counts) return h("p", { class: "meta" });
  const { found, held, broken } = counts.angles;
  const angles = `${count(found)}${held ? `, ${count(held)} held back` : ""}${broken ? `, ${count(broken)} broken` : ""}`;
  const contrasts = `${figured(counts.contrasts.found)}${counts.contrasts.held === null ? "" : `, ${figured(counts.contrasts.held)} held back`}`;
  const groups = sure ? [part("organs", count(counts.organs)), part("stable", count(counts.stable)), part("shared by traits", count(counts.shared)), part("gross in no organ", percent(counts.remainder))] : [];
  return h("p", { class: "meta" }, ...groups, part("traits", count(counts.traits)), part("contrasts", contrasts), part("angles", angles), part("leaves", count(counts.leaves)));
}

function rooms(whole: Whole, main: OrgansMain, shelf: Shelf, boxes: Box[]): HTMLElement[] {
  const { data } = whole;
  const figures = (titled: string, ...plots: (Plot | false | null | undefined)[]) => {
    const shown = plots.filter((plot): plot is Plot => Boolean(plot));
    const put = (plot: Plot) => shelf.put(plot.body ? 160 : 430, () => figureBox(plot));
    const beside = shown.filter((plot) => !plot.room).map(put);
    const wide = shown.filter((plot) => plot.room === "wide").map(put);
    return shown.length ? [h("h3", {}, titled), ...wide, ...(beside.length ? [h("div", { class: "figures-grid" }, ...beside)] : [])] : [];
  };
  const choice = figures("How their number was chosen", data.choice.length > 0 && choicePlot(data.choice));
  if (!data.traits.length) return choice;
  const ledger = new OrganLedger(data, whole.leaves);
  const zoom = new OrganZoom(whole, ledger);
  boxes.push(zoom);
  const { proof, specific, twins } = data;
  const map = data.map.length > 0 && shelf.put(260, () => figureBox(mapPlot(ledger, whole.faces)));
  if (map && main.sure) followMap(map, shelf, data);
  const organs = [
    h("h3", {}, "From the personality to a head or neuron"),
    zoom.element,
    ...(data.organs.length ? [shelf.put(300, () => organCard(whole, zoom))] : []),
    ...(data.organs.length ? figures("Organs and traits", overview(data, zoom)) : []),
    ...(map ? [map] : []),
    ...(data.organs.length ? [shelf.put(160, () => figureBox(silentPlot(ledger)))] : []),
  ];
  const evidence = [
    ...figures("Proof by removal", proof?.reference && removalPlot(data, proof.reference, "reference"), proof?.mean && removalPlot(data, proof.mean, "mean"), proof && besidePlot(proof), specific && specific.effects.length > 0 && specificPlot(data, specific)),
    ...figures("The twin", twins && twinPlot(twins)),
  ];
  if (main.sure) return [...organs, ...evidence, ...choice];
  return [...choice, ...(data.organs.length ? [covered(data.organs.length, [...organs, ...evidence])] : [])];
}

/** Brings the map into sight when an address names an angle of it. */
function followMap(map: HTMLElement, shelf: Shelf, { angles }: OrgansData): void {
  const follow = () => {
    if (parseMapHash(location.hash, angles.map(({ name }) => name)) === null) return;
    shelf.need(map);
    map.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", follow);
  requestAnimationFrame(follow);
}

/** What was found and may not be relied on: only who asks sees it, and it says what it is. */
function covered(found: number, parts: HTMLElement[]): HTMLElement {
  const label = `Not reliable: the ${found === 1 ? "one group" : `${count(found)} groups`} that clustering returned all the same`;
  return h("details", { class: "covered" }, h("summary", {}, label), h("p", { class: "note warning" }, "Nothing in here may be called an organ: see the verdict above."), ...parts);
}

/** All organs on a line each. */
function overview({ organs, traits }: OrgansData, zoom: OrganZoom): Plot {
  const lines = organs.map((organ, k) => {
    const served = organ.serves.filter((row) => row.called);
    const names = served.map(({ trait, share }) => `${visible(traits[trait]!, 30)} ${sign(share)}`).join(", ") || "none beyond chance";
    const view = { trait: served[0]?.trait ?? zoom.view.trait ?? 0, organ: k, site: null };
    const open = h("button", { type: "button", class: "link", click: () => show(zoom, view) }, visible(organ.name, 40));
    return h("tr", {}, h("th", { scope: "row" }, open, " ", ...badges(organ)), h("td", { class: "num" }, figured(organ.leaves)), h("td", { class: "num" }, percent(organ.part)), h("td", { class: "num" }, `${figured(organ.stability)}${interval(organ.low, organ.high)}`), h("td", {}, names), h("td", { class: "num" }, figured(organ.predicts?.r2)));
  });
  const heads = ["organ", "leaves", "of the gross", "stability", "serves", "R\u00b2 of removal"].map((text, k) => h("th", { scope: "col", class: k && k !== 4 ? "num" : "" }, text));
  return {
    room: "wide",
    title: "All organs",
    says: "Size, stability over prompts drawn anew, and the traits that each serves: + towards the trait, \u2212 away from it.",
    body: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "All organs" }, h("table", { class: "listing" }, h("caption", { class: "unseen" }, "All organs"), h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...lines))),
    sheet: {
      name: "organs",
      columns: ["organ", "leaves", "part of the gross", "net part", "stability", "low", "high", "stable", "shared", "trait", "share, nats", "low, nats", "high, nats", "called", "part of \u0394"],
      rows: () => organs.flatMap((organ) => organ.serves.map((row) => [organ.name, organ.leaves, organ.part, organ.net, organ.stability, organ.low, organ.high, yes(organ.stable), yes(organ.shared), traits[row.trait]!, row.share, row.low, row.high, yes(row.called), row.of] as const)),
    },
  };
}

function show(zoom: OrganZoom, view: OrganZoom["view"]): void {
  zoom.go(view);
  zoom.element.scrollIntoView({ block: "start" });
}

function sign(share: Maybe): string {
  return share === null ? "" : share < 0 ? "\u2212" : "+";
}

function yes(flag: boolean): string {
  return flag ? "yes" : "no";
}

function notes({ left_out: left }: OrgansMain): HTMLElement[] {
  return left ? [h("p", { class: "note" }, `${count(left)} small leaves are not listed one by one; each organ\u2019s are added up by writer in a part named rest, so every sum stays exact. The run folder\u2019s tables hold them all.`)] : [];
}

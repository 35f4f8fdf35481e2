// The chapter *face*: who answers from each angle, in a table and figures that share one selection, down to every reply.
import { angleCard } from "./angle-card.ts";
import { angleTable } from "./angle-table.ts";
import { breakageBox, type Shown, uncannyPlot } from "./breakage.ts";
import { heading, protocol } from "./chapter.ts";
import { figuresLine } from "./checks.ts";
import { h } from "./dom.ts";
import { dosePlot } from "./doses.ts";
import { faceData, type FaceData, type FaceMain, type Ranged } from "./face-data.ts";
import { parseFaceHash } from "./face-route.ts";
import { type Box, figureBox } from "./figure.ts";
import { families, type Tone } from "./glyph.ts";
import { type MiddleData, whenWhole } from "./payload.ts";
import { replyBrowser } from "./replies.ts";
import { Selection } from "./selection.ts";
import { reliabilityPlot, selfReportPlot } from "./selfreport.ts";
import { Shelf } from "./shelf.ts";
import { ternaryPlot } from "./ternary.ts";
import { count, figured, percent, visible } from "./text.ts";
import { openable } from "./to-middle.ts";
import { traitPlot } from "./traits.ts";
import { twinsRoom } from "./twins.ts";
import { searchPlot, tailPlot } from "./worst.ts";

/** Draws the chapter into `place`: its head at once, its figures when somebody comes near. */
export function renderFace(place: HTMLElement, main: FaceMain, middle: MiddleData | undefined, organs: ReadonlySet<string>): () => void {
  const shelf = new Shelf();
  const room = h("div", { class: "face-room" }, h("p", { class: "soft waiting" }, "Reading the angles \u2026"));
  const section = h("section", { class: "chapter", id: "face" }, heading("face", main), calibration(main), h("p", { class: "meta" }, ...tallies(main)), figuresLine(main.numbers, []), room, ...notes(main), protocol(main));
  place.append(section);
  whenWhole(() => {
    const data = faceData();
    if (!data) return room.replaceChildren(h("p", { class: "empty" }, "This page carries no figures of the face."));
    new Room(shelf, room, data, main, middle, organs);
  });
  return shelf.redraw;
}

class Room {
  private readonly selection: Selection;
  private readonly forms: ReadonlyMap<string, number>;
  private tone: Tone = "family";

  constructor(
    private readonly shelf: Shelf,
    private readonly place: HTMLElement,
    private readonly data: FaceData,
    private readonly main: FaceMain,
    private readonly middle: MiddleData | undefined,
    private readonly organs: ReadonlySet<string>,
  ) {
    this.selection = new Selection(data.angles);
    this.forms = families(data.angles);
    this.selection.on(shelf.redraw);
    if (!data.angles.length) {
      place.replaceChildren(h("p", { class: "empty" }, "No angle was asked for, so there is nothing to draw."), ...this.strength(), ...this.twins());
      return;
    }
    const replies = this.replies();
    place.replaceChildren(...this.angles(), ...this.commonness(), ...this.traits(), ...this.strength(), ...this.twins(), replies);
    this.open(replies);
    addEventListener("hashchange", () => this.open(replies));
  }

  private angles(): HTMLElement[] {
    const { shelf, selection, forms, organs } = this;
    const table = shelf.put(588, () => angleTable(selection, forms));
    const ternary = shelf.put(605, () => figureBox(ternaryPlot(selection, forms, () => this.tone, this.tones(), this.main.own)));
    const title = h("h3", {}, `Angles: ${count(this.main.counts.angles)}, ${count(this.main.counts.called)} called`);
    return [title, h("div", { class: "first-look" }, table, ternary), shelf.put(280, () => angleCard(selection, forms, organs))];
  }

  /** By what the marks are coloured. */
  private tones(): HTMLElement {
    const names: [Tone, string][] = [["family", "colour by family"], ["called", "by called"]];
    const buttons = names.map(([tone, text]) => {
      const button = h("button", { type: "button", class: "quiet", "aria-pressed": String(tone === this.tone) }, text);
      button.addEventListener("click", () => {
        this.tone = this.place.dataset["tone"] = tone;
        buttons.forEach((other, k) => other.setAttribute("aria-pressed", String(names[k]![0] === tone)));
        this.shelf.redraw();
      });
      return button;
    });
    return h("div", { class: "choices", role: "group", "aria-label": "Colours" }, ...buttons);
  }

  private commonness(): HTMLElement[] {
    const { shelf, data, selection, forms } = this;
    const shown: Shown = { data, selection, forms, tone: () => this.tone };
    const grid = h("div", { class: "figures-grid" }, shelf.put(470, () => breakageBox(shown)), shelf.put(470, () => figureBox(uncannyPlot(shown))));
    return [h("h3", {}, "What breaks it"), grid];
  }

  private traits(): HTMLElement[] {
    const { shelf, data, selection } = this;
    const { cells } = data;
    const small = h("div", { class: "figures-grid" }, data.reliability.length > 0 && shelf.put(260, () => figureBox(reliabilityPlot(data))), data.selfreport.length > 0 && shelf.put(260, () => figureBox(selfReportPlot(data))));
    const heat = cells && shelf.put(362, () => figureBox(traitPlot(data, cells, selection)));
    return heat || small.childElementCount ? [h("h3", {}, "Traits"), ...(heat ? [heat] : []), ...(small.childElementCount ? [small] : [])] : [];
  }

  private strength(): HTMLElement[] {
    const { shelf, data, selection } = this;
    const { search, tail } = data;
    const doses = data.doses.length > 0 && shelf.put(480, () => figureBox(dosePlot(data, selection)));
    const grid = h("div", { class: "figures-grid" }, search && shelf.put(390, () => figureBox(searchPlot(search))), tail && shelf.put(390, () => figureBox(tailPlot(tail))));
    return [...(doses ? [h("h3", {}, "How much it takes"), doses] : []), ...(grid.childElementCount ? [h("h3", {}, "The worst of it"), grid] : [])];
  }

  private twins(): HTMLElement[] {
    return this.data.twins ? [twinsRoom(this.shelf, this.data.twins, this.selection)] : [];
  }

  private replies(): HTMLElement {
    const contrasts = openable(this.middle);
    const made = this.shelf.put(520, (): Box => replyBrowser({ data: this.data, main: this.main, selection: this.selection, contrasts }));
    return h("section", { class: "reply-room", id: "face-replies" }, h("h3", {}, "Replies"), made);
  }

  /** Brings the reply that the address names into sight. */
  private open(replies: HTMLElement): void {
    if (parseFaceHash(location.hash)?.item == null) return;
    this.shelf.need(replies.lastElementChild as HTMLElement);
    requestAnimationFrame(() => {
      const { top, bottom } = replies.getBoundingClientRect();
      if (top > innerHeight - 80 || bottom < 80) replies.scrollIntoView({ block: "start" });
    });
  }
}

function calibration({ calibration: found }: FaceMain): HTMLElement {
  const tile = (name: string, value: string, limit = "", mark = "") =>
    h("div", { class: `check ${mark}` }, h("dt", {}, name), h("dd", {}, h("span", { class: "value" }, value), limit && h("span", { class: "limit" }, limit), mark && h("span", { class: "mark" }, mark)));
  const ends = (share: Ranged | null) => (share?.low == null || share.high == null ? "" : `${figured(100 * share.low)} \u2026 ${figured(100 * share.high)}`);
  return h(
    "dl",
    { class: "checks" },
    tile("false alarms", percent(found.false_alarm?.value), [ends(found.false_alarm), found.alpha === null ? "" : `asked for ${percent(found.alpha)}`].filter(Boolean).join("; ")),
    tile("voices told apart", percent(found.bank_accuracy?.value), ends(found.bank_accuracy)),
    tile("voices separable", found.separable ? "yes" : "no", "", found.separable ? "holds" : "fails"),
    tile("temperature", figured(found.temperature)),
    tile("clean replies", found.clean_replies === null ? "\u2013" : count(found.clean_replies)),
  );
}

function tallies({ counts, prompts, own }: FaceMain): HTMLElement[] {
  const part = (label: string, value: string) => h("span", {}, h("span", { class: "soft" }, `${label} `), value);
  const alarms = counts.false ? `, ${count(counts.false)} of them called` : "";
  return [part("own voice", visible(own, 40) || "\u2013"), part("prompts", figured(prompts)), part("angles", count(counts.angles)), part("called", count(counts.called)), part("uncanny", count(counts.uncanny)), part("controls", `${count(counts.controls)}${alarms}`)];
}

/** What is not in this run, and what is not on this page. */
function notes(main: FaceMain): HTMLElement[] {
  const texts = main.unavailable.map((text) => visible(text, 300));
  const { angles, replies } = main.left_out;
  if (angles) texts.push(`${count(replies)} replies to ${count(angles)} angles are not on this page; the run folder's table face-replies holds them all`);
  const absent = [["doses", "dose curves"], ["search", "search"], ["tail", "tail forecast"], ["twins", "twins"]].filter(([name]) => !main.figures.includes(name!)).map(([, text]) => text);
  if (absent.length) texts.push(`not in this run: ${absent.join(", ")}`);
  return texts.length ? [h("ul", { class: "note" }, ...texts.map((text) => h("li", {}, text)))] : [];
}

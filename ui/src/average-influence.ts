// Which documents of the corpus move what was said: for a whole text and for each of its tokens the documents that make it
// likelier and less likely, which with all others add up to their sum; how many stand behind it; and what is known of how
// good this is.
import { documentName, type Influence, type InfluenceRow, type Maybe, type MovedText } from "./average-data.ts";
import { summed } from "./average-ledger.ts";
import { type Bar, type Part, waterfall } from "./bars.ts";
import { h } from "./dom.ts";
import { type Box, figureBox } from "./figure.ts";
import type { Sheet } from "./sheet.ts";
import { count, figure, figured, interval, tokenLabel, tokenText, visible } from "./text.ts";
import { TokenList } from "./token-list.ts";

const NATS = { value: "nats", unit: "nats", part: null };

/** The documents of a row as bars that run from nothing to the sum over all documents that were looked at. */
export function documentBars(text: MovedText, row: InfluenceRow): Bar[] {
  const listed = row.largest.map(([place, weight]): Part => ({ label: `document ${counted(text.documents[place]?.number)}`, value: weight ?? 0 }));
  const beyond = (side: number, sum: number | null) => (sum ?? 0) - listed.reduce((so_far, { value }) => so_far + (Math.sign(value) === side ? value : 0), 0);
  const others: Part[] = [
    { label: "others for", value: beyond(1, row.for) },
    { label: "others against", value: beyond(-1, row.against) },
  ];
  const parts = [...listed, ...others];
  return waterfall(parts, { label: "all looked at", value: (row.for ?? 0) + (row.against ?? 0) }, { first: 0, count: parts.length }, false);
}

function counted(value: Maybe | undefined): string {
  return value == null ? "\u2013" : count(value);
}

/** What retraining found of attributions like this one, or that nobody knows. */
export function qualitySaid({ quality }: Influence): string {
  if (!quality || quality.lds === null) return "Quality not measured: only retraining this model on parts of its text could say how good this attribution is. Read the order of documents, not the figures.";
  const { lds, low, high, by_token: token, retrainings, of } = quality;
  return `Quality by ${counted(retrainings)} retrainings of ${visible(of, 90) || "a model"}: LDS ${figure(lds)}${interval(low, high)} for whole texts, ${figured(token)} for single tokens. LDS is the rank correlation of what documents add up to with what retraining on half of them does; 1 would foretell it exactly, 0 is chance.`;
}

/** How strongly documents move a token, from 0 to 1 of the most in its text, and to which side on the whole. */
export function movedTint(row: InfluenceRow, most: number): { side: "plus" | "minus"; strength: number } {
  return { side: (row.for ?? 0) + (row.against ?? 0) < 0 ? "minus" : "plus", strength: most > 0 ? moved(row) / most : 0 };
}

function moved(row: InfluenceRow): number {
  return (row.for ?? 0) - (row.against ?? 0);
}

export class InfluenceReader implements Box {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "moved-text" });
  private readonly panel = h("div", { class: "moved-panel" });
  private readonly select: HTMLSelectElement;
  private readonly status = h("span", { class: "soft small", role: "status" });
  private readonly wholly = h("button", { type: "button", class: "quiet", click: () => this.whole() }, "Whole text");
  private at = 0;
  private list: TokenList | null = null;
  private drawn: Box | null = null;

  constructor(private readonly data: Influence) {
    this.select = h("select", { id: "average-moved" }, ...data.texts.map(({ id }, k) => h("option", { value: String(k) }, visible(id, 60))));
    this.select.addEventListener("change", () => this.show(Number(this.select.value)));
    const reader = this;
    this.element = figureBox({
      room: "wide",
      title: "Documents behind it",
      says: `What each document of the corpus does to the log-probability of what was said, were it counted once more: to first order, over ${counted(data.documents)} of ${counted(data.of)} documents. Point at a token, or move with the arrow keys, for the documents that move it.`,
      tools: h("div", { class: "reply-tools" }, h("label", { for: "average-moved", class: "unseen" }, "Text"), this.select, this.wholly, this.status),
      keys: [["shade-share", "how much documents move it: against it \u2026 for it"], ["under-half", "against it on the whole"]],
      body: this.body,
      get sheet() {
        return reader.sheet();
      },
    }).element;
    new ResizeObserver(() => this.redraw()).observe(this.element);
    this.show(0);
  }

  redraw(): void {
    this.drawn?.redraw();
  }

  private show(at: number): void {
    const text = this.data.texts[at]!;
    this.at = at;
    this.status.textContent = `${count(at + 1)} of ${count(this.data.texts.length)}; ${count(text.tokens.length)} tokens`;
    const name = visible(text.id, 60);
    this.list = new TokenList(spans(text), name, (token) => this.tell(token));
    this.body.replaceChildren(h("figure", {}, h("figcaption", {}, name), this.list.element), this.panel, h("p", { class: "note quality" }, qualitySaid(this.data)));
    this.whole();
  }

  private whole(): void {
    const text = this.data.texts[this.at]!;
    this.list?.none();
    this.fill(text, text, "Whole text");
  }

  private tell(token: number): void {
    const text = this.data.texts[this.at]!;
    const row = text.tokens[token]!;
    this.fill(text, row, h("q", { class: "token" }, tokenLabel(row.token)), h("span", { class: "soft small" }, `token ${count(token)}`));
  }

  private fill(text: MovedText, row: InfluenceRow, ...title: (string | HTMLElement)[]): void {
    const bars = summed(documentBars(text, row), "document", "Nats by document", NATS);
    bars.sum.removeAttribute("role"); // it would be read out with every move over the text
    const facts: [string, string][] = [
      ["documents behind it, effective number", row.effective === null ? "\u2013" : `${figure(row.effective)} of ${counted(this.data.documents)}`],
      ["for it, against it", `${figured(row.for)}, ${figured(row.against)} nats`],
    ];
    const list = h("dl", { class: "plain" }, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    this.drawn = bars;
    this.panel.replaceChildren(h("h4", {}, ...title), list, bars.element, words(text, row));
    bars.redraw();
  }

  private sheet(): Sheet {
    const text = this.data.texts[this.at]!;
    const of = (place: number | null, token: string, row: InfluenceRow) =>
      row.largest.map(([document, weight]) => [place, token, row.effective, text.documents[document]?.number ?? null, text.documents[document]?.source ?? "", weight, text.documents[document]?.snippet ?? ""] as const);
    return {
      name: `average-documents-${visible(text.id, 60)}`,
      columns: ["token's place", "token", "effective number", "document", "source", "nats", "its first words"],
      rows: () => [...of(null, "whole text", text), ...text.tokens.flatMap((row, t) => of(t, row.token, row))],
    };
  }
}

/** The documents' first words, each with what it does. */
function words(text: MovedText, row: InfluenceRow): HTMLElement {
  const lines = row.largest.map(([place, weight]) => {
    const document = text.documents[place] ?? { number: null, source: "", snippet: "" };
    const side = weight === null || weight === 0 ? "" : weight > 0 ? " helps" : " hurts";
    return h("li", {}, h("span", { class: "soft" }, `${documentName(document)}${side}: `), h("span", {}, visible(document.snippet, 200)));
  });
  return h("ul", { class: "words context" }, ...lines);
}

function spans(text: MovedText): HTMLElement[] {
  const most = text.tokens.reduce((so_far, row) => Math.max(so_far, moved(row)), 0);
  return text.tokens.map((row, t) => {
    const { side, strength } = movedTint(row, most);
    const label = `${tokenLabel(row.token)}: ${row.effective === null ? "\u2013" : figure(row.effective)} documents behind it`;
    const span = h("span", { class: `tok ${side}`, role: "option", "aria-selected": String(t === 0), "aria-label": label, tabindex: t === 0 ? 0 : -1, "data-position": t }, tokenText(row.token));
    span.style.setProperty("--strength", strength.toFixed(3));
    return span;
  });
}

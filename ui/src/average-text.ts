// The reader of texts: running text tinted by the share of every token, the ledger of the one in hand, and the runs that
// stand in the corpus too. Arrows move from token to token and from line to line.
import { type SaidText, shareOf, type Span } from "./average-data.ts";
import { spanList } from "./average-spans.ts";
import { textName, tokenPanel, tokenSpans } from "./average-token.ts";
import { h } from "./dom.ts";
import { type Box, figureBox } from "./figure.ts";
import type { Sheet } from "./sheet.ts";
import { count, percent, visible } from "./text.ts";
import { TokenList } from "./token-list.ts";

/** The text that an address names, #average/text-3, or null. */
export function parseTextHash(hash: string, texts: number): number | null {
  const found = /^#average\/text-([1-9]\d{0,5})$/.exec(hash);
  const at = found ? Number(found[1]) - 1 : texts;
  return at < texts ? at : null;
}

export class TextReader implements Box {
  readonly element: HTMLElement;
  private readonly select: HTMLSelectElement;
  private readonly status = h("span", { class: "soft small", role: "status" });
  private readonly body = h("div", { class: "average-text" });
  private readonly panel = h("div", { class: "average-panel" });
  private spans: HTMLElement[] = [];
  private at = -1;
  private drawn: Box | null = null;

  constructor(private readonly texts: readonly SaidText[], private readonly rungs: readonly string[]) {
    this.select = textSelect(texts);
    this.select.addEventListener("change", () => this.go(Number(this.select.value)));
    const step = (text: string, label: string, by: number) => h("button", { type: "button", class: "quiet step", "aria-label": label, click: () => this.go(this.turned(by)) }, text);
    const reader = this;
    this.element = figureBox({
      room: "wide",
      title: "Text coloured by average share",
      says: "Each token by min(1, a / p): how much of it an average of the corpus would also have said. Hover over a token, or move with the arrow keys, for its ledger.",
      tools: h("div", { class: "reply-tools" }, h("label", { for: "average-text", class: "unseen" }, "Text"), this.select, step("\u2039", "previous text", -1), step("\u203A", "next text", 1), this.status),
      keys: [["shade-share", "0 % \u2026 100 % shared with the average"], ["under-half", "less than half"], ["run-mark", "stands in the corpus too"]],
      body: this.body,
      get sheet() {
        return reader.sheet();
      },
    }).element;
    new ResizeObserver(() => this.redraw()).observe(this.element);
    addEventListener("hashchange", () => this.follow());
    this.show(parseTextHash(location.hash, texts.length) ?? 0);
  }

  redraw(): void {
    this.drawn?.redraw();
  }

  /** The text that stands before or behind the one in view in the list, which goes by strata. */
  private turned(by: number): number {
    return Number(this.select.options[this.select.selectedIndex + by]?.value ?? this.at);
  }

  private go(to: number): void {
    if (to !== this.at) location.hash = `#average/text-${to + 1}`;
  }

  private follow(): void {
    const to = parseTextHash(location.hash, this.texts.length);
    if (to !== null && to !== this.at) this.show(to);
  }

  private show(at: number): void {
    const text = this.texts[at]!;
    this.at = at;
    this.select.value = String(at);
    const share = shareOf(text);
    this.status.textContent = `${count(this.select.selectedIndex + 1)} of ${count(this.texts.length)}; ${count(text.tokens.length)} tokens, ${share === null ? "\u2013" : percent(share)} shared`;
    this.spans = tokenSpans(text);
    const list = new TokenList(this.spans, nameOf(text), (token) => this.tell(token));
    const runs = h("div", { class: "average-runs" }, h("h4", {}, "Longest runs that stand in the corpus too"), spanList(text, (span, follow) => this.mark(span, follow)));
    this.body.replaceChildren(h("div", {}, this.prose(text, list), left(text)), this.panel, runs);
    if (text.tokens.length) list.look(0);
    else this.panel.replaceChildren(h("p", { class: "empty" }, "This text has no token."));
  }

  private prose(text: SaidText, list: TokenList): HTMLElement {
    const name = nameOf(text);
    return h("figure", {}, h("figcaption", {}, name), list.element);
  }

  /** Shows a token's ledger. */
  private tell(token: number): void {
    this.drawn = tokenPanel(this.texts[this.at]!, token, this.rungs);
    this.panel.replaceChildren(this.drawn.element);
    this.drawn.redraw();
  }

  private mark(span: Span | null, follow: boolean): void {
    this.spans.forEach((element, t) => element.classList.toggle("in-run", span !== null && t >= span.start && t < span.end));
    const first = span && this.spans[span.start];
    if (follow && first) first.scrollIntoView({ block: "nearest" });
  }

  private sheet(): Sheet {
    const { texts, rungs } = this;
    const { id, tokens, share, p, a, support, ledger } = texts[this.at]!;
    return {
      name: `average-text-${visible(id, 60)}`,
      columns: ["place", "token", "share", "log2 p", "log2 a", "support, tokens", ...rungs.map((rung) => `${visible(rung, 60)}, bits`)],
      rows: () => tokens.map((token, t) => [t, token, share[t]!, p[t]!, a[t]!, support[t]! < 0 ? null : support[t]!, ...ledger.subarray(t * rungs.length, (t + 1) * rungs.length)]),
    };
  }
}

function nameOf(text: SaidText): string {
  return `${visible(text.id, 60)}, ${visible(text.stratum, 40) || "no stratum"}`;
}

function left({ tokens_left: beyond }: SaidText): HTMLElement | null {
  return beyond ? h("p", { class: "soft small" }, `\u2026 and ${count(beyond)} more tokens, which are in the run folder`) : null;
}

function textSelect(texts: readonly SaidText[]): HTMLSelectElement {
  const groups = new Map<string, HTMLOptGroupElement>();
  texts.forEach((text, k) => {
    if (!groups.has(text.stratum)) groups.set(text.stratum, h("optgroup", { label: visible(text.stratum, 60) || "no stratum" }));
    groups.get(text.stratum)!.append(h("option", { value: String(k) }, textName(text)));
  });
  return h("select", { id: "average-text" }, ...groups.values());
}

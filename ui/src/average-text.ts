// The reader of texts: running text tinted by the share of every token, the ledger of the one in hand, and the runs that
// stand in the corpus too. Arrows move from token to token and from line to line.
import { type SaidText, shareOf, type Span } from "./average-data.ts";
import { spanList } from "./average-spans.ts";
import { textName, tokenPanel, tokenSpans } from "./average-token.ts";
import { h } from "./dom.ts";
import { type Box, figureBox } from "./figure.ts";
import type { Sheet } from "./sheet.ts";
import { count, percent, visible } from "./text.ts";

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
  private token = 0;
  private shown = -1;
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
    [this.at, this.token, this.shown] = [at, 0, -1];
    this.select.value = String(at);
    const share = shareOf(text);
    this.status.textContent = `${count(this.select.selectedIndex + 1)} of ${count(this.texts.length)}; ${count(text.tokens.length)} tokens, ${share === null ? "\u2013" : percent(share)} shared`;
    this.spans = tokenSpans(text);
    const runs = h("div", { class: "average-runs" }, h("h4", {}, "Longest runs that stand in the corpus too"), spanList(text, (span, follow) => this.mark(span, follow)));
    this.body.replaceChildren(h("div", {}, this.prose(text), left(text)), this.panel, runs);
    if (text.tokens.length) this.tell(0);
    else this.panel.replaceChildren(h("p", { class: "empty" }, "This text has no token."));
  }

  private prose(text: SaidText): HTMLElement {
    const name = `${visible(text.id, 60)}, ${visible(text.stratum, 40) || "no stratum"}`;
    const list = text.tokens.length ? { role: "listbox", "aria-orientation": "horizontal" } : { role: "group" };
    const prose = h("div", { class: "prose", "aria-label": name, ...list }, ...this.spans);
    prose.addEventListener("mouseover", (event) => this.tell(placeOf(event) ?? this.token));
    prose.addEventListener("mouseleave", () => this.tell(this.token));
    prose.addEventListener("focusin", (event) => this.hold(placeOf(event) ?? this.token));
    prose.addEventListener("click", (event) => this.spans[placeOf(event) ?? this.token]?.focus({ preventScroll: true }));
    prose.addEventListener("keydown", (event) => this.key(event));
    return h("figure", {}, h("figcaption", {}, name), prose);
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const last = this.spans.length - 1;
    const to = { ArrowRight: this.token + 1, ArrowLeft: this.token - 1, Home: 0, End: last, ArrowDown: lineAway(this.spans, this.token, 1), ArrowUp: lineAway(this.spans, this.token, -1) }[event.key];
    if (to === undefined) return;
    this.spans[Math.max(0, Math.min(last, to))]?.focus();
    event.preventDefault();
  }

  /** Makes a token the one that stays when the pointer goes. */
  private hold(token: number): void {
    const before = this.spans[this.token]!;
    before.setAttribute("tabindex", "-1");
    before.setAttribute("aria-selected", "false");
    this.token = token;
    this.spans[token]!.setAttribute("tabindex", "0");
    this.spans[token]!.setAttribute("aria-selected", "true");
    this.tell(token);
  }

  /** Shows a token's ledger. */
  private tell(token: number): void {
    if (token === this.shown || !this.spans[token]) return;
    this.spans[this.shown]?.classList.remove("lit");
    this.spans[token].classList.add("lit");
    this.shown = token;
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

function placeOf(event: Event): number | null {
  const span = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-position]") : null;
  return span ? Number(span.dataset["position"]) : null;
}

/** The token above or below another, as the lines fall now. */
function lineAway(spans: readonly HTMLElement[], from: number, by: 1 | -1): number {
  const here = spans[from]!.getClientRects()[0];
  if (!here) return from;
  let best: { token: number; line: number; off: number } | null = null;
  for (let token = from + by; token >= 0 && token < spans.length; token += by) {
    const there = spans[token]!.getClientRects()[0];
    if (!there || Math.abs(there.top - here.top) < here.height / 2) continue;
    if (best && Math.abs(there.top - best.line) > here.height / 2) break;
    const off = Math.abs(there.left + there.width / 2 - here.left - here.width / 2);
    if (!best || off < best.off) best = { token, line: there.top, off };
  }
  return best?.token ?? from;
}

// Tokens that read as running text and are one stop of the tab key: the pointer and the arrows move over them, and `tell`
// hears of the one in hand. The pointer only looks; a click or an arrow makes a token the one that stays.
import { h } from "./dom.ts";

export class TokenList {
  readonly element: HTMLElement;
  private token = 0;
  private shown = -1;

  constructor(readonly spans: readonly HTMLElement[], name: string, private readonly tell: (token: number) => void) {
    const list = spans.length ? { role: "listbox", "aria-orientation": "horizontal" } : { role: "group" };
    this.element = h("div", { class: "prose", "aria-label": name, ...list }, ...spans);
    this.element.addEventListener("mouseover", (event) => this.look(placeOf(event) ?? this.token));
    this.element.addEventListener("mouseleave", () => this.look(this.token));
    this.element.addEventListener("focusin", (event) => this.hold(placeOf(event) ?? this.token));
    this.element.addEventListener("click", (event) => this.spans[placeOf(event) ?? this.token]?.focus({ preventScroll: true }));
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Looks at a token, without making it the one that stays. */
  look(token: number): void {
    if (token === this.shown || !this.spans[token]) return;
    this.none();
    this.spans[token].classList.add("lit");
    this.shown = token;
    this.tell(token);
  }

  /** Looks at no token. */
  none(): void {
    this.spans[this.shown]?.classList.remove("lit");
    this.shown = -1;
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
    this.look(token);
  }
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

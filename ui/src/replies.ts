// The reply browser: what was asked, how the angle turned it, what the model said, and in whose voice token by token.
import { h } from "./dom.ts";
import { type FaceData, type FaceMain, repliesOf, type Reply, SHARES } from "./face-data.ts";
import { type Box, figureBox } from "./figure.ts";
import { differences } from "./prompt.ts";
import type { Selection } from "./selection.ts";
import { count, figured, percent, tokenText, visible } from "./text.ts";
import { toMiddle } from "./to-middle.ts";
import { type Band, bandsOf, leader, tokenSaid, voicePlot } from "./voices.ts";

const LONGEST = 6000;
const TOKENS = 3000;
const OUTCOMES: ReadonlyMap<string, string> = new Map([["own", "own voice"], ["other", "another voice"], ["nobody", "no one"], ["missing", "missing"]]);

export interface Browsed {
  data: FaceData;
  main: FaceMain;
  selection: Selection;
  contrasts: ReadonlyMap<string, number>;
}

export function replyBrowser(of: Browsed): Box {
  return new ReplyBrowser(of);
}

class ReplyBrowser implements Box {
  readonly element: HTMLElement;
  private readonly angles: HTMLSelectElement;
  private readonly items = h("select", { id: "reply-item" });
  private readonly body = h("div", { class: "reply-body" });
  private readonly status = h("span", { class: "soft small", role: "status" });
  private shown: number | null = null;
  private replies: Reply[] = [];
  private at = 0;
  private strip: Box | null = null;

  constructor(private readonly of: Browsed) {
    this.angles = angleSelect(of.data);
    this.angles.addEventListener("change", () => of.selection.select(Number(this.angles.value)));
    this.items.addEventListener("change", () => this.go(this.items.selectedIndex));
    const step = (text: string, label: string, by: number) => h("button", { type: "button", class: "quiet step", "aria-label": label, click: () => this.go(this.at + by) }, text);
    const tools = h(
      "div",
      { class: "reply-tools" },
      h("label", { for: "reply-angle", class: "unseen" }, "Angle"), this.angles,
      h("label", { for: "reply-item", class: "unseen" }, "Reply"), this.items,
      step("\u2039", "previous reply", -1), step("\u203A", "next reply", 1), this.status,
    );
    this.element = h("section", { class: "replies", "aria-label": "Replies" }, tools, this.body);
    this.element.addEventListener("keydown", (event) => this.key(event));
    of.selection.on(() => this.follow());
    this.follow();
  }

  redraw(): void {
    this.strip?.redraw();
  }

  private key(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target instanceof HTMLSelectElement) return;
    this.go(this.at + by);
    event.preventDefault();
  }

  private go(to: number): void {
    if (to < 0 || to >= this.replies.length || to === this.at) return;
    this.at = to;
    this.of.selection.select(this.shown, this.replies[to]!.item);
    this.show();
  }

  /** Shows what is selected; the item stays the same from angle to angle where it can. */
  private follow(): void {
    const { index, item } = this.of.selection;
    const before = this.replies[this.at]?.item;
    if (index !== this.shown) {
      this.shown = index;
      this.replies = (index === null ? null : repliesOf(index)) ?? [];
      this.items.replaceChildren(...this.replies.map((reply, k) => h("option", { value: String(k) }, `${visible(reply.item, 50)} \u2013 ${outcome(reply)}`)));
    } else if (item === null || item === before) return;
    const wanted = item ?? before;
    const same = this.replies.findIndex((reply) => reply.item === wanted);
    const broken = this.replies.findIndex((reply) => reply.outcome === "other" || reply.outcome === "nobody");
    this.at = Math.max(0, same < 0 ? broken : same);
    this.show();
  }

  private show(): void {
    const { data, main } = this.of;
    const angle = this.shown === null ? undefined : data.angles[this.shown];
    this.angles.value = String(this.shown ?? "");
    this.items.selectedIndex = this.at;
    this.items.disabled = !this.replies.length;
    const reply = this.replies[this.at];
    this.strip = null;
    this.status.textContent = reply ? `${count(this.at + 1)} of ${count(this.replies.length)}; arrow keys turn the page` : "";
    if (!angle || !reply) {
      this.body.replaceChildren(h("p", { class: "empty" }, angle ? nothing(main) : "There is no angle, so there is no reply."));
      return;
    }
    const bands = bandsOf(reply, data.voices, main.own);
    const said = replyText(reply, bands);
    if (bands.length) this.strip = figureBox(voicePlot(reply, bands, `${angle.angle}-${reply.item}`, (t) => light(said, t)));
    this.body.replaceChildren(
      h("div", {}, ...prompts(reply), toMiddle(this.of.contrasts, angle.angle, reply.item, main.open)),
      h("div", {}, verdictLine(reply), said, this.strip?.element ?? h("p", { class: "soft small" }, "No posterior over voices was kept for this reply.")),
    );
    this.strip?.redraw();
  }
}

function angleSelect({ angles }: FaceData): HTMLSelectElement {
  const groups = new Map<string, HTMLOptGroupElement>();
  angles.forEach((angle, k) => {
    const name = angle.control ? "controls" : angle.family;
    if (!groups.has(name)) groups.set(name, h("optgroup", { label: visible(name, 40) }));
    groups.get(name)!.append(h("option", { value: String(k) }, `${visible(angle.angle, 60)}${angle.replies ? "" : " (in the run folder)"}`));
  });
  return h("select", { id: "reply-angle" }, ...groups.values());
}

function nothing({ left_out }: FaceMain): string {
  const { angles, replies } = left_out;
  return angles ? `The replies to this angle are in the run folder: the page carries no more than fit, and leaves ${count(replies)} replies to ${count(angles)} angles there.` : "This run kept no replies to this angle.";
}

function outcome({ outcome: found, voice }: Reply): string {
  return found === "other" && voice ? visible(voice, 30) : (OUTCOMES.get(found) ?? visible(found, 30));
}

function verdictLine(reply: Reply): HTMLElement {
  const kind = OUTCOMES.has(reply.outcome) ? reply.outcome : "";
  const parts = reply.outcome === "missing" ? [] : [...SHARES.map((share) => `${OUTCOMES.get(share)} ${percent(reply[share])}`), `coherence ${figured(reply.coherence)}`];
  const seed = reply.seed === null ? [] : [`seed ${reply.seed}`];
  return h("p", { class: "verdict-line" }, h("span", { class: `badge who ${kind}` }, outcome(reply)), h("span", { class: "soft small" }, [...parts, ...seed].join(" \u00b7 ")));
}

function prompts({ prompt, rotated }: Reply): HTMLElement[] {
  const [clean, turned] = [words(prompt), words(rotated)];
  const differs = differences(clean, turned);
  const few = differs.reference.size <= 0.6 * turned.length;
  return [prose("clean prompt", clean, new Set()), prose("rotated prompt", turned, few ? differs.reference : new Set())];
}

function words(text: string): string[] {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}\u2026` : text;
  return cut.split(/(?<=\s)(?=\S)/);
}

function prose(name: string, pieces: readonly string[], differs: ReadonlySet<number>): HTMLElement {
  const spans = pieces.map((piece, k) => h("span", { class: `tok ${differs.has(k) ? "differs" : ""}` }, tokenText(piece)));
  return h("figure", {}, h("figcaption", {}, name), h("div", { class: "prose", tabindex: 0, role: "group", "aria-label": name }, ...(pieces.join("") ? spans : [h("span", { class: "soft" }, "\u2205")])));
}

/** The reply with each token in the colour of the voice that leads after it; what the pointer is on is said below. */
function replyText(reply: Reply, bands: readonly Band[]): HTMLElement {
  if (!bands.length) return prose("reply", words(reply.reply), new Set());
  const spans = reply.tokens.slice(0, TOKENS).map((token, t) => {
    const { tone, values } = bands[leader(bands, t)]!;
    const span = h("span", { class: `tok voiced tone-${tone}`, "data-position": t, title: tokenSaid(reply, bands, t) }, tokenText(token));
    span.style.setProperty("--strength", values[t]!.toFixed(3));
    return span;
  });
  const more = reply.tokens.length > TOKENS && h("span", { class: "soft" }, ` \u2026 and ${count(reply.tokens.length - TOKENS)} more tokens`);
  return h("figure", {}, h("figcaption", {}, "reply, each token in the colour of the voice that leads after it"), h("div", { class: "prose", tabindex: 0, role: "group", "aria-label": "reply" }, ...spans, more));
}

function light(said: HTMLElement, token: number | null): void {
  for (const lit of said.querySelectorAll(".tok.lit")) lit.classList.remove("lit");
  if (token !== null) said.querySelector(`[data-position="${token}"]`)?.classList.add("lit");
}

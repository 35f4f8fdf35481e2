// The chapter *middle*: pick contrasts, see the whole model, open a part, end at the words that it read.
import type { Window } from "./bars.ts";
import { heading, protocol } from "./chapter.ts";
import { checksPanel, figuresLine } from "./checks.ts";
import { Closer } from "./closer.ts";
import { closeup } from "./closeup.ts";
import { h } from "./dom.ts";
import { type Box, figureBox } from "./figure.ts";
import { heatPlot } from "./heat.ts";
import { contrastName, type Level, levelOf, levelSheet } from "./level.ts";
import { IcicleView } from "./icicle-view.ts";
import { type MiddleData, whenWhole } from "./payload.ts";
import { pickText, hashOf, parseHash, type View } from "./route.ts";
import { Ledger } from "./shares.ts";
import { checkLine, contrastList, crumbs, notes, nothing } from "./margin.ts";
import { picker } from "./picker.ts";
import { pointAt, promptPanel } from "./prompt.ts";
import { proofSection } from "./proof.ts";
import { refusal } from "./refusal.ts";
import { searchBox } from "./search-box.ts";
import { Stage } from "./stage.ts";
import { buildTree, MODEL, path } from "./tree.ts";
import { tally } from "./verified.ts";
import { count } from "./text.ts";

const FIRST: Window = { first: 0, count: 24 };
const FIRST_TOKENS: Window = { first: 0, count: 64 };
const KINDS = { parts: "part", contrasts: "contrast", tokens: "token", nothing: "part" };
const ORDERS = { parts: "as in the model", contrasts: "as in the file", tokens: "as in the prompt", nothing: "" };

/** Draws the chapter into `place`; returns what draws its canvases again. */
export function renderMiddle(place: HTMLElement, data: MiddleData): () => void {
  const section = h("section", { class: "chapter", id: "middle" }, heading("middle", data), checksPanel(data.checks));
  section.append(figuresLine(data.numbers, data.checks));
  place.append(section);
  if (!data.tree || data.refused) {
    section.append(refusal(data), protocol(data));
    return () => undefined;
  }
  const ledger = new Ledger(data, data.tree, buildTree(data.tree.sites));
  section.append(h("p", { class: "meta" }, h("a", { href: "#proof" }, "Verification"), tally(data.verified ?? [])));
  const chapter = new Chapter(section, ledger);
  const proof = proofSection(data, chapter.visit);
  section.append(proof.element, ...notes(data), protocol(data));
  return () => {
    chapter.redraw();
    proof.redraw();
  };
}

class Chapter {
  private view: View = { pick: { kind: "all" }, site: MODEL };
  private readonly stage = new Stage({
    open: (bar) => {
      const view = bar.opens === undefined ? null : parseHash(bar.opens);
      if (view) this.go(view);
    },
    up: () => this.up(),
    hover: (bar) => pointAt(this.side, bar?.position ?? null),
  });
  private closeup: Box | null = null;
  private strip: Box | null = null;
  private readonly closer = new Closer();
  private readonly near = h("div", {});
  private readonly side = h("aside", { class: "side", "aria-label": "Contrast" });
  private readonly icicle: IcicleView;
  private readonly trail = h("nav", { class: "trail", "aria-label": "Where you are in the model" });
  private readonly picker: ReturnType<typeof picker>;

  constructor(
    section: HTMLElement,
    private readonly ledger: Ledger,
  ) {
    this.picker = picker(ledger, (pick) => this.go({ ...this.view, pick }));
    const search = searchBox(ledger.tree, () => ledger.of(this.view.pick)?.values ?? null, (site) => this.go({ ...this.view, site }));
    this.icicle = new IcicleView(ledger.tree, (site) => this.go({ ...this.view, site }, false));
    const main = h("div", { class: "stagehold" }, this.icicle.element, this.trail, this.stage.element, this.near);
    section.append(h("div", { class: "bench" }, h("div", { class: "side-column" }, h("h3", { class: "unseen" }, "Contrasts"), this.picker.element, search, this.side), main));
    this.listen();
    this.view = this.fromAddress() ?? this.view;
    this.show(false);
  }

  /** Draws the canvases again, after a change of size, theme or paper. */
  readonly redraw = (): void => {
    this.stage.redraw();
    this.icicle.redraw();
    this.closeup?.redraw();
    this.strip?.redraw();
  };

  private listen(): void {
    addEventListener("hashchange", () => {
      const view = this.fromAddress();
      if (view && hashOf(view) !== hashOf(this.view)) this.move(view, false);
    });
    // Read what opening a part will ask for as soon as the document is there, not when somebody waits for it.
    addEventListener("load", () => setTimeout(() => this.ledger.knows(this.ledger.tree.runs.map((run) => run.start))), { once: true });
    new ResizeObserver(() => this.redraw()).observe(this.stage.element);
  }

  private node(): number {
    return this.ledger.tree.find(this.view.site) ?? 0;
  }

  private fromAddress(): View | null {
    const view = parseHash(location.hash);
    if (!view || this.ledger.tree.find(view.site) === null) return null;
    const { pick } = view;
    if (pick.kind === "contrast" && !this.ledger.listed.has(pick.index)) return null;
    if (pick.kind === "template" && !this.ledger.templates[pick.index]) return null;
    return view;
  }

  /** Opens a site under what is picked, and shows it. */
  readonly visit = (site: string): void => {
    if (this.ledger.tree.find(site) === null) return;
    this.go({ ...this.view, site });
    this.icicle.element.scrollIntoView({ block: "start" });
  };

  private go(view: View, focus = true): void {
    history.pushState(null, "", location.href.split("#", 1)[0] + hashOf(view));
    this.move(view, focus);
  }

  private move(view: View, focus: boolean): void {
    const before = this.view.site;
    this.view = view;
    if (view.site !== before) this.stage.reset();
    this.show(focus && view.site !== before, before);
  }

  private show(focus: boolean, before = ""): void {
    const node = this.node();
    const shares = this.ledger.of(this.view.pick);
    const level = shares && levelOf(this.ledger, this.view, node);
    this.picker.set(this.view.pick);
    this.trail.replaceChildren(crumbs(this.ledger, this.view, path(this.ledger.tree, node), (view) => this.go(view)));
    if (!shares || !level) {
      this.stage.say(h("p", { class: "soft" }, "Reading the shares of this contrast \u2026"));
      addEventListener("DOMContentLoaded", () => this.show(focus, before), { once: true });
      return;
    }
    this.showSide(level);
    this.showLevel(level, shares.values[0]!);
    this.icicle.show(shares, node);
    whenWhole(() => this.showNear(node));
    if (focus) this.stage.focus(before);
  }

  private showSide(level: Level): void {
    const { pick } = this.view;
    if (pick.kind !== "contrast") {
      this.side.replaceChildren(contrastList(this.ledger, pick, (index) => this.go({ ...this.view, pick: { kind: "contrast", index } })));
      return;
    }
    const tint = level.what === "tokens" ? new Map(level.parts.map((part) => [part.position!, part.value])) : null;
    this.side.replaceChildren(promptPanel(this.ledger.data.items[pick.index]!, tint));
  }

  /** What was taken from close by: of the open leaf, and of the contrast's source tokens layer by layer. */
  private showNear(node: number): void {
    if (node !== this.node()) return;
    const { pick } = this.view;
    const move = { site: this.visit, contrast: (index: number) => this.go({ ...this.view, pick: { kind: "contrast", index } }) };
    this.closeup = node >= this.ledger.tree.inner.length ? closeup(this.ledger, this.closer, this.view, node, move) : null;
    this.near.replaceChildren(...(this.closeup ? [this.closeup.element] : []));
    const rows = pick.kind === "contrast" ? this.closer.boundaries(pick.index) : null;
    this.strip = rows && pick.kind === "contrast" ? figureBox(heatPlot(contrastName(this.ledger, pick.index), rows, this.ledger.data.items[pick.index]!.clean_tokens, (token) => pointAt(this.side, token))) : null;
    if (this.strip) this.side.append(this.strip.element);
    this.closeup?.redraw();
  }

  private showLevel(level: Level, whole: number): void {
    if (level.what === "nothing") return this.stage.say(nothing(this.view.pick, level.total));
    this.stage.show({
      ...level,
      whole,
      kind: KINDS[level.what],
      title: this.title(level),
      caption: this.caption(level),
      order: ORDERS[level.what],
      window: level.what === "tokens" ? FIRST_TOKENS : FIRST,
      check: (bars) => checkLine(this.ledger, this.view, bars),
      sheet: () => levelSheet(level, this.view),
    });
  }

  private title(level: Level): string {
    const source = level.what === "tokens" ? "source " : "";
    return `${this.view.site}: ${count(level.parts.length)} ${source}${KINDS[level.what]}${level.parts.length === 1 ? "" : "s"}`;
  }

  private caption(level: Level): string {
    const pick = this.view.pick;
    const who = pick.kind === "contrast" ? contrastName(this.ledger, pick.index) : pickText(pick);
    return `Waterfall of ${this.title(level)}, ${who}; shares in nats, the last row is the total`;
  }

  private up(): void {
    const nodes = path(this.ledger.tree, this.node());
    const above = nodes[nodes.length - 2];
    if (above !== undefined) this.go({ ...this.view, site: this.ledger.tree.name(above) });
  }
}

// The way from the personality down to a leaf and a token, level by level on one stage, each adding up in view.
import type { Bar, Window } from "./bars.ts";
import { h } from "./dom.ts";
import { promptPart, servedName } from "./organ-card.ts";
import type { Whole } from "./organ-data.ts";
import { leafPanel } from "./organ-leaf.ts";
import { OrganLedger } from "./organ-ledger.ts";
import { type Kind, known, type OrganLevel, levelOf, steps } from "./organ-level.ts";
import { organHash, type OrganView, parseOrganHash, promptOf, WHOLE } from "./organ-route.ts";
import { sumLine } from "./margin.ts";
import { pointAt } from "./prompt.ts";
import { Stage } from "./stage.ts";
import { count, percent, visible } from "./text.ts";

const FIRST: Record<Kind, Window> = { trait: all(64), organ: all(64), writer: all(64), leaf: all(24), token: all(64) };
const ORDERS: Record<Kind, string> = { trait: "as in the reading", organ: "as in the reading", writer: "as in the model", leaf: "as in the model", token: "as in the prompt" };
const PROMPTS = 3;

function all(count: number): Window {
  return { first: 0, count };
}

function counted(kind: Kind, parts: number): string {
  const found = kind === "organ" ? parts - 1 : parts;
  const words = found === 1 ? kind : kind === "leaf" ? "leaves" : `${kind}s`;
  return `${count(found)} ${words}${kind === "organ" ? " and the remainder" : ""}`;
}

export class OrganZoom {
  readonly element: HTMLElement;
  view: OrganView = WHOLE;
  private readonly stage: Stage;
  private readonly trail = h("nav", { class: "trail", "aria-label": "Where you are in the personality" });
  private readonly side = h("aside", { class: "side", "aria-label": "Organs and prompts" });
  private readonly select: HTMLSelectElement;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly whole: Whole,
    readonly ledger: OrganLedger,
  ) {
    this.stage = new Stage({ open: (bar) => this.open(bar), up: () => this.up(), hover: (bar) => pointAt(this.side, bar?.position ?? null) });
    this.stage.element.addEventListener("keydown", (event) => this.keys(event));
    this.select = this.traits();
    const picker = h("div", { class: "picker" }, h("label", { for: "organs-trait", class: "unseen" }, "Trait"), this.select);
    const main = h("div", { class: "stagehold" }, this.trail, this.stage.element);
    this.element = h("div", { class: "bench" }, h("div", { class: "side-column" }, picker, this.side), main);
    this.view = this.fromAddress() ?? WHOLE;
    addEventListener("hashchange", () => {
      const view = this.fromAddress();
      if (view && this.hash(view) !== this.hash(this.view)) this.move(view, false);
    });
    new ResizeObserver(() => this.stage.redraw()).observe(this.stage.element);
    this.show(null);
  }

  readonly redraw = (): void => this.stage.redraw();

  /** Calls `then` after every move. */
  on(then: () => void): void {
    this.listeners.push(then);
  }

  hash(view: OrganView): string | null {
    return organHash(view, this.whole.data.traits, this.whole.data.organs.length);
  }

  readonly go = (view: OrganView, focus = true): void => {
    const hash = this.hash(view);
    if (hash === null) return;
    history.pushState(null, "", location.href.split("#", 1)[0] + hash);
    this.move(view, focus);
  };

  private fromAddress(): OrganView | null {
    const view = parseOrganHash(location.hash, this.whole.data.traits, this.whole.data.organs.length);
    return view && known(this.ledger, view) ? view : null;
  }

  private move(view: OrganView, focus: boolean): void {
    const before = steps(this.ledger, this.view);
    this.view = view;
    this.stage.reset();
    this.show(focus ? (before[steps(this.ledger, view).length]?.name ?? "") : null);
    this.listeners.forEach((then) => then());
  }

  private traits(): HTMLSelectElement {
    const names = this.whole.data.traits.map((name, trait) => h("option", { value: String(trait) }, visible(name, 60)));
    const select = h("select", { id: "organs-trait" }, h("option", { value: "" }, `All traits \u2013 ${names.length}`), ...names);
    select.addEventListener("change", () => {
      const trait = select.value === "" ? null : Number(select.value);
      this.go(trait === null || promptOf(this.view) !== null ? { ...WHOLE, trait } : { ...this.view, trait }, false);
    });
    return select;
  }

  /** Shows the view; `from` is the part from which the reader came, or null where no row takes the focus. */
  private show(from: string | null): void {
    const { trait } = this.view;
    this.select.value = trait === null ? "" : String(trait);
    this.trail.replaceChildren(this.crumbs());
    this.showSide();
    const level = levelOf(this.ledger, this.view);
    if (level) this.showLevel(level);
    else this.stage.say(this.ledger.tree ? leafPanel(this.whole, this.ledger, this.view, () => this.up()) : h("p", { class: "empty" }, "This page carries no single leaves of the organs; the run folder\u2019s tables hold them."));
    if (from === null) return;
    if (level) this.stage.focus(from);
    else this.stage.element.querySelector<HTMLElement>("button, a")?.focus();
  }

  private crumbs(): HTMLElement {
    const path = steps(this.ledger, this.view);
    return h("ol", {}, ...path.map(({ name, view }, k) => h("li", {}, k === path.length - 1 ? h("span", { "aria-current": "location" }, name) : h("button", { type: "button", class: "link", click: () => this.go(view) }, name))));
  }

  private showLevel(level: OrganLevel): void {
    const name = steps(this.ledger, this.view).map((step) => step.name).slice(this.view.trait === null ? 0 : 1).join(", ");
    const { kind, parts, total } = level;
    const title = `${name}: ${counted(kind, parts.length)}`;
    const whole = this.view.trait === null || kind === "token" ? total.value : levelOf(this.ledger, { ...WHOLE, trait: this.view.trait })!.total.value;
    this.stage.show({
      ...level,
      whole,
      title,
      caption: `Waterfall of ${title}; shares in nats, the last row is the total`,
      order: ORDERS[kind],
      bySize: kind === "leaf",
      window: FIRST[kind],
      check: (bars) => sumLine(bars, level.gross, level.measured),
      sheet: () => ({
        name: `organs-${name}`,
        columns: [kind, "place", "share, nats", "low, nats", "high, nats"],
        rows: () => [...parts, total].map((part) => [part.label, part.mark ?? "", part.value, part.low ?? null, part.high ?? null] as const),
      }),
    });
  }

  private showSide(): void {
    const { organ, trait } = this.view;
    this.side.replaceChildren(...(organ === null ? [this.organs(trait)] : this.prompts(organ)));
  }

  /** Every organ to pick from; without a trait, in the one that it serves most. */
  private organs(trait: number | null): HTMLElement {
    const { organs, remainder } = this.whole.data;
    const rows = [...organs, null].map((organ, k) => {
      const served = trait ?? servedName(organ);
      const view = { trait: served, organ: k, site: null };
      const name = visible(this.ledger.name(k), 40);
      const open = served === null ? name : h("button", { type: "button", class: "link", click: () => this.go(view) }, name);
      const size = this.ledger.size(k);
      return h("tr", {}, h("th", { scope: "row" }, open, organ?.stable === false && h("span", { class: "badge unsure" }, "unstable")), h("td", { class: "num" }, size === null ? "\u2013" : count(size)), h("td", { class: "num" }, percent((organ ?? remainder).part)));
    });
    const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "organ"), h("th", { scope: "col", class: "num" }, "leaves"), h("th", { scope: "col", class: "num" }, "of the gross")));
    return h("div", { class: "scroll list", tabindex: 0, role: "region", "aria-label": "Organs" }, h("table", {}, head, h("tbody", {}, ...rows)));
  }

  private prompts(organ: number): HTMLElement[] {
    const wakes = this.whole.data.organs[organ]?.wakes ?? [];
    const open = promptOf(this.view);
    const { trait } = this.view;
    const order = [...wakes.keys()].sort((a, b) => Number(wakes[b]!.trait === trait) - Number(wakes[a]!.trait === trait) || a - b);
    const shown = open === null ? order.slice(0, PROMPTS) : [open];
    const parts = shown.map((k) => promptPart(this.whole, wakes[k]!, open === null && wakes[k]!.by_token ? () => this.go({ trait: wakes[k]!.trait, organ, site: `prompt-${k + 1}` }) : null));
    const said = organ === this.whole.data.organs.length ? "The remainder is no organ: everything that belongs to none." : "No prompt that wakes this organ was kept.";
    return [h("h4", {}, parts.length ? "Prompts that wake it" : ""), ...(parts.length ? parts : [h("p", { class: "soft" }, said)])];
  }

  private open(bar: Bar): void {
    const view = bar.opens === undefined ? null : parseOrganHash(bar.opens, this.whole.data.traits, this.whole.data.organs.length);
    if (view) this.go(view);
  }

  private up(): void {
    const above = steps(this.ledger, this.view).at(-2);
    if (above) this.go(above.view);
  }

  /** Where text stands on the stage, the keys of a waterfall still lead up. */
  private keys(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key !== "Backspace" && event.key !== "ArrowLeft") return;
    event.preventDefault();
    this.up();
  }
}

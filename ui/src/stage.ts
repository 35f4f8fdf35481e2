// The waterfall on its stage: how it is ordered, how much of it is listed, and what stands under it. Chapters say what
// is shown and where opening a bar leads.
import { type Bar, type Part, waterfall, type Window } from "./bars.ts";
import { h } from "./dom.ts";
import { legend } from "./margin.ts";
import { download, type Sheet } from "./sheet.ts";
import { type Chart, chart } from "./table.ts";

const MORE = 72;
const MOST = 240;

/** What is on the stage: the parts of a parent, and the parent by its own figure. */
export interface Scene {
  parts: readonly Part[];
  total: Part;
  /** What 100 % is. */
  whole: number;
  /** What one part is, for the head of its column. */
  kind: string;
  title: string;
  caption: string;
  /** What the parts' own order is called. */
  order: string;
  bySize: boolean;
  window: Window;
  /** Says whether the bars end on the parent. */
  check(bars: readonly Bar[]): HTMLElement;
  sheet(): Sheet;
}

export interface Moves {
  open(bar: Bar): void;
  up(): void;
  hover(bar: Bar | null): void;
}

export class Stage {
  readonly element = h("div", { class: "level" });
  private window: Window | null = null;
  private order: boolean | null = null;
  private drawn: Chart | null = null;
  private bars: Bar[] = [];

  constructor(private readonly moves: Moves) {}

  readonly redraw = (): void => this.drawn?.draw();

  /** Forgets how the last scene was ordered and how much of it was listed. */
  reset(): void {
    [this.window, this.order] = [null, null];
  }

  /** Puts text in the place of a scene. */
  say(text: HTMLElement): void {
    this.element.replaceChildren(text);
    [this.drawn, this.bars] = [null, []];
  }

  show(scene: Scene): void {
    const bySize = this.order ?? scene.bySize;
    this.bars = waterfall(scene.parts, scene.total, this.window ?? scene.window, bySize);
    const made = chart(this.bars, scene.kind, scene.caption, scene.whole, { ...this.moves, open: (bar) => this.open(bar, scene) });
    this.element.replaceChildren(this.tools(scene, bySize), made.element, scene.check(this.bars), h("div", { class: "under" }, legend(this.bars), download(() => scene.sheet())));
    made.element.querySelector("tbody button")?.setAttribute("tabindex", "0");
    this.drawn = made;
    made.draw();
  }

  /** Goes to the row of a part, so that going up lands where going down began. */
  focus(label: string): void {
    this.drawn?.focus(Math.max(0, this.bars.findIndex((bar) => bar.label === label && bar.kind === "part")));
  }

  private tools(scene: Scene, bySize: boolean): HTMLElement {
    const choice = (text: string, value: boolean) => {
      const button = h("button", { type: "button", class: "quiet", "aria-pressed": String(bySize === value) }, text);
      button.addEventListener("click", () => {
        this.order = value;
        this.show(scene);
      });
      return button;
    };
    return h("div", { class: "tools" }, h("h3", {}, scene.title), h("div", { class: "choices", role: "group", "aria-label": "Order" }, choice(scene.order, false), choice("largest first", true)));
  }

  private open(bar: Bar, scene: Scene): void {
    if (bar.kind === "part") return this.moves.open(bar);
    const { first, count } = this.window ?? scene.window;
    const more = bar.kind === "others";
    if (more && count < MOST) this.window = { first, count: Math.min(MOST, count + MORE) };
    else this.window = { first: Math.max(0, first + (more ? MOST : -MOST)), count: MOST };
    this.show(scene);
    this.drawn?.focus(!more ? 0 : this.window.first === first ? count : 1);
  }
}

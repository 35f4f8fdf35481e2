// The icicle as something to use: pointer and arrow keys move over its parts, a click or Enter opens one.
import { h } from "./dom.ts";
import { cancelled, type Icicle, icicle, neighbour, type Span, spanAt } from "./icicle.ts";
import { drawIcicle, levelAt, placeOf } from "./icicle-draw.ts";
import { download, type Sheet } from "./sheet.ts";
import type { Shares } from "./shares.ts";
import { count, figure } from "./text.ts";
import { ink } from "./theme.ts";
import { MODEL, type Tree } from "./tree.ts";

const FINEST_PIXELS = 0.5;
const HINT = "Icicle of the model: arrow keys move over its parts, Enter opens one. The table below holds the same numbers.";

export class IcicleView {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { class: "icicle", tabindex: 0, role: "application", "aria-label": HINT });
  private readonly mark = h("div", { class: "cursor", hidden: true });
  private readonly tip = h("div", { class: "tip", role: "status" });
  private shares: Shares | null = null;
  private laid: Icicle = { spans: [], scopes: [] };
  private laidFor: unknown[] = [];
  private open = 0;
  private cursor: Span | null = null;

  constructor(
    private readonly tree: Tree,
    private readonly opened: (site: string) => void,
  ) {
    const key = (kind: string, text: string) => h("span", { class: `key ${kind}` }, text);
    const legend = h("p", { class: "legend" }, "width: summed sizes of the leaves", key("plus", "net towards the target"), key("minus", "net away from it"), key("notch", "part that cancels"));
    this.element = h("div", { class: "overview" }, this.canvas, this.mark, this.tip, h("div", { class: "under" }, legend, download(() => this.sheet())));
    this.listen();
  }

  show(shares: Shares, open: number): void {
    [this.shares, this.open] = [shares, open];
    this.redraw();
  }

  readonly redraw = (): void => {
    if (!this.shares) return;
    const width = this.width();
    const wanted = [this.shares, this.open, width];
    if (wanted.some((value, k) => value !== this.laidFor[k])) {
      this.laid = icicle(this.tree, this.shares.values, this.shares.gross, this.open, FINEST_PIXELS / width);
      this.laidFor = wanted;
      this.point(null);
    }
    drawIcicle(this.canvas, width, this.tree, this.laid, this.open, ink());
  };

  private width(): number {
    return Math.max(1, this.element.clientWidth);
  }

  private listen(): void {
    const under = (event: MouseEvent) => spanAt(this.laid.spans, levelAt(event.offsetY), event.offsetX / this.width());
    this.canvas.addEventListener("click", (event) => this.enter(under(event)));
    this.canvas.addEventListener("mousemove", (event) => this.point(under(event)));
    this.canvas.addEventListener("mouseleave", () => this.point(null));
    this.canvas.addEventListener("blur", () => this.point(null));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") this.enter(this.cursor);
    else if (event.key === "Escape") this.point(null);
    else if (event.key.startsWith("Arrow")) {
      const to = this.cursor ? neighbour(this.tree, this.laid, this.cursor, event.key) : this.laid.spans.find((span) => span.node === this.open);
      if (to) this.point(to);
    } else return;
    event.preventDefault();
  }

  private enter(span: Span | null): void {
    if (span) this.opened(this.tree.name(span.node));
  }

  private point(span: Span | null): void {
    if (span === this.cursor) return;
    this.cursor = span;
    this.tip.textContent = span ? this.said(span) : "";
    this.mark.hidden = !span;
    if (!span) return;
    const { left, top, width, height } = placeOf(span, this.width());
    const x = Math.max(0, Math.min(left + width / 2 - 40, this.width() - this.tip.offsetWidth));
    set(this.tip, { left: x, top: top + height + 3 });
    set(this.mark, { left, top, width, height });
  }

  private said(span: Span): string {
    const name = this.tree.name(span.node);
    const who = span.rest ? `${count(span.rest)} small parts of ${name}` : name;
    const inner = span.rest > 0 || span.node < this.tree.inner.length;
    const mass = inner ? `, sizes ${figure(span.gross)}, ${figure(100 * cancelled(span.net, span.gross))} % cancels` : "";
    return `${who}: net ${figure(span.net)} nats${mass}`;
  }

  private sheet(): Sheet {
    const { tree, shares } = this;
    const rows = function* () {
      for (let node = 0; shares && node < tree.size; node++) {
        const above = node === 0 ? null : tree.name(tree.parent[node]!);
        yield [tree.name(node), above, shares.values[node]!, shares.gross[node]!] as const;
      }
    };
    return { name: `${MODEL}-tree`, columns: ["site", "parent", "share, nats", "summed sizes of leaves, nats"], rows };
  }
}

function set(element: HTMLElement, place: Record<string, number>): void {
  for (const [name, value] of Object.entries(place)) element.style.setProperty(name, `${value}px`);
}

// Parts of a page that are made when somebody comes near: a place of about their height first, the part itself later.
import type { Box } from "./figure.ts";
import { h } from "./dom.ts";

const NEAR = "600px 0px";

export class Shelf {
  private readonly boxes: Box[] = [];
  private readonly waiting = new Map<Element, () => void>();
  private readonly watch: IntersectionObserver;

  constructor() {
    this.watch = new IntersectionObserver((seen) => seen.forEach(({ isIntersecting, target }) => isIntersecting && this.waiting.get(target)?.()), { rootMargin: NEAR });
    addEventListener("beforeprint", () => this.all());
  }

  /** A place of `height` pixels that becomes what `make` makes. */
  put(height: number, make: () => Box): HTMLElement {
    const place = h("div", { class: "later" });
    place.style.minHeight = `${height}px`;
    this.waiting.set(place, () => {
      this.waiting.delete(place);
      this.watch.unobserve(place);
      const box = make();
      place.replaceChildren(box.element);
      place.style.minHeight = "";
      this.boxes.push(box);
      box.redraw();
    });
    this.watch.observe(place);
    return place;
  }

  /** Makes what is still to be made: paper has no later. */
  all(): void {
    for (const make of [...this.waiting.values()]) make();
  }

  /** Makes one place now. */
  need(place: HTMLElement): void {
    this.waiting.get(place)?.();
  }

  readonly redraw = (): void => {
    for (const box of this.boxes) box.redraw();
  };
}

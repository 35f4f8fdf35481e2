// Which angle is selected: one for the whole chapter, in every figure at once, and in the address.
import type { Angle } from "./face-data.ts";
import { faceHash, parseFaceHash } from "./face-route.ts";

export class Selection {
  private place: number | null;
  private wanted: string | null = null;
  private readonly heard: (() => void)[] = [];
  private readonly places: ReadonlyMap<string, number>;

  constructor(readonly angles: readonly Angle[]) {
    this.places = new Map(angles.map(({ angle }, k) => [angle, k]));
    this.place = worst(angles);
    this.follow();
    addEventListener("hashchange", () => this.follow() && this.tell());
  }

  /** The selected angle's place among the angles; null when there is none. */
  get index(): number | null {
    return this.place;
  }

  /** The item that the address asks for, or null. */
  get item(): string | null {
    return this.wanted;
  }

  has(angle: string): boolean {
    return this.places.has(angle);
  }

  /** Calls `then` after each change. */
  on(then: () => void): void {
    this.heard.push(then);
  }

  select(index: number | undefined | null, item: string | null = null): void {
    const angle = index == null ? undefined : this.angles[index];
    if (!angle || index == null || (index === this.place && item === this.wanted)) return;
    const turned = index !== this.place;
    [this.place, this.wanted] = [index, item];
    const hash = faceHash({ angle: angle.angle, item });
    // The way back leads from angle to angle; leafing through the replies of one leaves no trail.
    if (hash) history[turned ? "pushState" : "replaceState"](null, "", location.href.split("#", 1)[0] + hash);
    this.tell();
  }

  named(angle: string): void {
    this.select(this.places.get(angle));
  }

  private tell(): void {
    for (const then of this.heard) then();
  }

  private follow(): boolean {
    const view = parseFaceHash(location.hash);
    const place = view && this.places.get(view.angle);
    if (!view || place === undefined || place === null) return false;
    [this.place, this.wanted] = [place, view.item];
    return true;
  }
}

/** The angle that leaves the least of the own voice; a control only where there is nothing else. */
function worst(angles: readonly Angle[]): number | null {
  let found: number | null = null;
  let least = Infinity;
  angles.forEach(({ own, control }, k) => {
    const rank = (own?.value ?? 2) + (control ? 4 : 0);
    if (rank < least) [found, least] = [k, rank];
  });
  return found;
}

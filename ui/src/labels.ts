// Names beside marks, where they have room: no name covers another name, a mark, or leaves the drawing.
import type { Ink } from "./theme.ts";

export interface Label {
  text: string;
  x: number;
  y: number;
  /** Drawn whatever it covers. */
  strong?: boolean;
}

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const TALL = 13;
const AWAY = 9;
/** Of a strong one, whose mark has a halo. */
const FURTHER = 14;

interface Spot extends Frame {
  text: string;
  strong: boolean;
}

/** Where each label may stand, the first ones first; a label without room is left away unless it is strong. */
export function spots(labels: readonly Label[], wide: (text: string, strong: boolean) => number, marks: readonly (readonly [unknown, number, number])[], frame: Frame): Spot[] {
  const taken: Spot[] = [];
  for (const { text, x, y, strong = false } of labels) {
    const width = wide(text, strong);
    const away = strong ? FURTHER : AWAY;
    const tries = [
      [x + away, y - TALL / 2],
      [x - away - width, y - TALL / 2],
      [x - width / 2, y - away - TALL],
      [x - width / 2, y + away],
    ].map(([left, top]): Spot => ({ text, strong, left: left!, right: left! + width, top: top!, bottom: top! + TALL }));
    const inside = tries.filter((spot) => spot.left >= frame.left && spot.right <= frame.right && spot.top >= frame.top && spot.bottom <= frame.bottom);
    const apart = inside.filter((spot) => taken.every((other) => !meet(spot, other)));
    const covered = (spot: Spot) => marks.filter(([, mx, my]) => mx > spot.left - 3 && mx < spot.right + 3 && my > spot.top - 3 && my < spot.bottom + 3).length;
    const free = apart.find((spot) => covered(spot) === 0);
    const found = free ?? (strong ? (apart[0] ?? inside[0]) : undefined);
    if (found) taken.push(found);
  }
  return taken;
}

function meet(a: Frame, b: Frame): boolean {
  return a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom && b.top < a.bottom;
}

/** Writes the labels that have room, on a breath of paper. */
export function labelled(context: CanvasRenderingContext2D, colours: Ink, labels: readonly Label[], marks: readonly (readonly [unknown, number, number])[], frame: Frame): void {
  const family = getComputedStyle(document.body).fontFamily;
  const font = (strong: boolean) => void (context.font = `${strong ? "600 " : ""}11px ${family}`);
  const wide = (text: string, strong: boolean) => {
    font(strong);
    return context.measureText(text).width;
  };
  for (const { text, left, top, strong } of spots(labels, wide, marks, frame)) {
    font(strong);
    context.textAlign = "left";
    context.textBaseline = "top";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = colours.paper;
    context.strokeText(text, left, top + 1);
    context.fillStyle = colours.ink;
    context.fillText(text, left, top + 1);
  }
  context.lineWidth = 1;
}

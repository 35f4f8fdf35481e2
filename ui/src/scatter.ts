// Angles as marks between two axes; one of them is selected, and every one can be.
import type { Plot } from "./figure.ts";
import { halo, look, nearest, sizeOf, stamp, type Tone } from "./glyph.ts";
import { type Label, labelled } from "./labels.ts";
import { type Axis, type Frame, frame } from "./plot.ts";
import type { Selection } from "./selection.ts";
import { visible } from "./text.ts";

export interface Spot {
  index: number;
  x: number;
  y: number;
}

export interface Scatter {
  selection: Selection;
  forms: ReadonlyMap<string, number>;
  tone(): Tone;
  height: number;
  spots: readonly Spot[];
  axes(width: number): [x: Axis, y: Axis];
  /** What is drawn below the marks. */
  under?(made: Frame): void;
  /** Angles that are named where there is room, the first ones first. */
  named: readonly number[];
  said(index: number): string;
}

/** How a plot of angles draws itself, says what is under the pointer, and selects. */
export function scatter(of: Scatter): Required<Pick<Plot, "draw" | "over" | "press">> {
  const { selection, spots } = of;
  let places: (readonly [number, number, number])[] = [];
  return {
    draw: (canvas, width) => {
      const made = frame(canvas, width, of.height, ...of.axes(width));
      if (!made) return;
      of.under?.(made);
      places = spots.map(({ index, x, y }) => [index, made.x(x), made.y(y)]);
      const rank = (k: number) => Number(selection.angles[k]!.called) + 2 * Number(k === selection.index);
      for (const [k, x, y] of [...places].sort(([a], [b]) => rank(a) - rank(b))) {
        stamp(made.context, look(selection.angles[k]!, of.forms, of.tone(), made.colours), x, y, sizeOf(selection.angles.length), made.colours.paper);
        if (k === selection.index) halo(made.context, made.colours.focus, x, y);
      }
      labelled(made.context, made.colours, names(of, places), places, made);
    },
    over: ({ x, y }) => {
      const k = nearest(places, x, y);
      return k === null ? "" : `${visible(selection.angles[k]!.angle, 60)}: ${of.said(k)}`;
    },
    press: ({ x, y }) => selection.select(nearest(places, x, y, 16)),
  };
}

function names({ selection, named }: Scatter, places: readonly (readonly [number, number, number])[]): Label[] {
  const at = new Map(places.map(([k, x, y]) => [k, [x, y] as const]));
  const first = selection.index === null ? named : [selection.index, ...named.filter((k) => k !== selection.index)];
  return first.flatMap((k) => {
    const place = at.get(k);
    return place ? [{ text: visible(selection.angles[k]!.angle, 22), x: place[0], y: place[1], strong: k === selection.index }] : [];
  });
}

// How an angle looks in every figure: a form and a colour for its family, filled when it was called, a ring for controls.
import type { Angle } from "./face-data.ts";
import { h } from "./dom.ts";
import type { Ink } from "./theme.ts";
import { visible } from "./text.ts";

export const FORMS = 8;

type Corner = [x: number, y: number];

/** The corners of each form around 0, of about equal area; the first is a disc. */
const CORNERS: readonly (readonly Corner[])[] = [
  [],
  regular(4, 1.12, 45),
  regular(3, 1.3, -90),
  regular(4, 1.22, 0),
  regular(3, 1.3, 90),
  cross(),
  regular(6, 1.08, 0),
  star(),
];

function regular(count: number, radius: number, turn: number): Corner[] {
  return Array.from({ length: count }, (_, k) => polar(radius, turn + (360 * k) / count));
}

function star(): Corner[] {
  return Array.from({ length: 10 }, (_, k) => polar(k % 2 ? 0.62 : 1.4, -90 + 36 * k));
}

function cross(): Corner[] {
  const [near, far] = [0.42, 1.18];
  return [[-near, -far], [near, -far], [near, -near], [far, -near], [far, near], [near, near], [near, far], [-near, far], [-near, near], [-far, near], [-far, -near], [-near, -near]];
}

function polar(radius: number, degrees: number): Corner {
  const turn = (degrees * Math.PI) / 180;
  return [radius * Math.cos(turn), radius * Math.sin(turn)];
}

/** The form of each family, in the order in which the angles name them; controls have none of their own. */
export function families(angles: readonly Angle[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { family, control } of angles) if (!control && !found.has(family)) found.set(family, found.size);
  return found;
}

/** By what angles are coloured. */
export type Tone = "family" | "called";

export interface Look {
  form: number;
  colour: string;
  filled: boolean;
  ring: boolean;
}

export function look(angle: Angle, forms: ReadonlyMap<string, number>, tone: Tone, colours: Ink): Look {
  if (angle.control) return { form: 0, colour: colours.total, filled: false, ring: true };
  const place = forms.get(angle.family) ?? 0;
  const colour = tone === "called" ? (angle.called ? colours.negative : colours.soft) : colours.hues[place % FORMS]!;
  return { form: place % FORMS, colour, filled: angle.called, ring: false };
}

/** How large the marks of so many angles are drawn. */
export function sizeOf(angles: number): number {
  return angles > 150 ? 3.4 : 4.4;
}

/** Draws an angle's mark; what is not filled is a thin outline over a breath of its colour. */
export function stamp(context: CanvasRenderingContext2D, { form, colour, filled, ring }: Look, x: number, y: number, size: number, paper: string): void {
  context.fillStyle = context.strokeStyle = colour;
  outline(context, form, x, y, ring ? size * 1.1 : size);
  if (filled) {
    context.fill();
    context.strokeStyle = paper;
    context.lineWidth = 1;
  } else {
    context.globalAlpha = ring ? 0 : 0.14;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = ring ? 2.2 : 1.3;
  }
  context.stroke();
  context.lineWidth = 1;
}

function outline(context: CanvasRenderingContext2D, form: number, x: number, y: number, size: number): void {
  context.beginPath();
  const corners = CORNERS[form]!;
  if (!corners.length) context.arc(x, y, size, 0, 2 * Math.PI);
  corners.forEach(([dx, dy], k) => (k ? context.lineTo(x + size * dx, y + size * dy) : context.moveTo(x + size * dx, y + size * dy)));
  context.closePath();
}

/** The keys of a figure that shows angles: every family, and the controls. */
export function familyKeys(forms: ReadonlyMap<string, number>): [kind: string, text: string][] {
  const named = [...forms].slice(0, 12).map(([family, place]): [string, string] => [`glyph-key form-${place % FORMS}`, visible(family, 40)]);
  return [...named, ["glyph-key form-ring", "control"]];
}

/** An angle's mark in running text. */
export function glyph(angle: Angle, forms: ReadonlyMap<string, number>): HTMLElement {
  const form = angle.control ? "ring" : (forms.get(angle.family) ?? 0) % FORMS;
  return h("span", { class: `glyph form-${form}`, "aria-hidden": "true" });
}

/** The angle whose mark is nearest to a place, if one is near. */
export function nearest(marks: Iterable<readonly [index: number, x: number, y: number]>, x: number, y: number, within = 12): number | null {
  let found: number | null = null;
  let least = within * within;
  for (const [index, mx, my] of marks) {
    const away = (mx - x) ** 2 + (my - y) ** 2;
    if (away <= least) [found, least] = [index, away];
  }
  return found;
}

/** A halo around what is selected. */
export function halo(context: CanvasRenderingContext2D, colour: string, x: number, y: number): void {
  context.strokeStyle = colour;
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(x, y, 9.5, 0, 2 * Math.PI);
  context.stroke();
  context.lineWidth = 1;
}

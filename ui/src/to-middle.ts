// The way from a reply to the middle: a link where this page has that contrast, else the command that computes it.
import { h } from "./dom.ts";
import type { MiddleData } from "./payload.ts";
import { hashOf } from "./route.ts";
import { visible } from "./text.ts";
import { MODEL } from "./tree.ts";

/** The contrasts of the page's middle that can be opened, by their ids. */
export function openable(middle: MiddleData | undefined): Map<string, number> {
  const listed = middle?.listed ?? [];
  return new Map(middle?.tree ? listed.map((index) => [middle.items[index]?.id ?? "", index]) : []);
}

export function toMiddle(contrasts: ReadonlyMap<string, number>, angle: string, item: string, open: string | null): HTMLElement | null {
  const index = contrasts.get(`face/${angle}/${item}`);
  if (index !== undefined) return h("p", {}, h("a", { href: hashOf({ pick: { kind: "contrast", index }, site: MODEL }) }, "Open this angle in the middle"), " \u2013 clean against rotated prompt, level by level.");
  const command = open === null ? null : commandFor(open, angle, item);
  return command === null ? null : h("p", { class: "small" }, "To open this angle in the middle, clean against rotated prompt: ", h("code", { class: "command" }, command));
}

/** The command with its last word, where it lacks one; null where a name holds what nobody can type. */
export function commandFor(open: string, angle: string, item: string): string | null {
  const asked = /--open$/.test(open) ? `${open} ${shellQuoted(`${angle}/${item}`)}` : open;
  return visible(asked, 4000) === asked ? asked : null;
}

/** One word of a shell, whatever is in it. */
export function shellQuoted(text: string): string {
  return /^[A-Za-z0-9_.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// The address of a view, so that any node of any contrast can be linked to: #middle/contrast-3/L0.attn.h1

export type Pick = { kind: "all" } | { kind: "template" | "contrast"; index: number };

export interface View {
  pick: Pick;
  site: string;
}

export function pickText(pick: Pick): string {
  return pick.kind === "all" ? "all" : `${pick.kind}-${pick.index}`;
}

export function parsePick(text: string): Pick | null {
  if (text === "all") return { kind: "all" };
  const found = /^(template|contrast)-(0|[1-9]\d{0,8})$/.exec(text);
  return found ? { kind: found[1] as "template" | "contrast", index: Number(found[2]) } : null;
}

export function hashOf(view: View): string {
  return `#middle/${pickText(view.pick)}/${view.site}`;
}

/** The view that an address names, or null when it names none; whether its site exists is for the tree to say. */
export function parseHash(hash: string): View | null {
  const found = /^#middle\/([a-z]+(?:-\d+)?)\/([A-Za-z0-9.]{1,64})$/.exec(hash);
  const pick = found && parsePick(found[1]!);
  return pick ? { pick, site: found[2]! } : null;
}

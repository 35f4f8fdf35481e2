// A leaf's own page: what kind of part it is, its share beside its direct effect, and whatever was taken from close by.
import { attentionPlot, notOpened } from "./attention.ts";
import type { Closer, Flow } from "./closer.ts";
import { decimals } from "./bars.ts";
import { h } from "./dom.ts";
import { edgePlot } from "./edges.ts";
import { type Box, figureBox } from "./figure.ts";
import { contrastName } from "./level.ts";
import { wokenPlot } from "./neuron.ts";
import { promotedPlot } from "./promoted.ts";
import type { View } from "./route.ts";
import type { Ledger } from "./shares.ts";
import { figure, signed, visible } from "./text.ts";

const LINKS = 8;

export interface Moves {
  site(site: string): void;
  contrast(index: number): void;
}

export type Kind = "head" | "neuron" | "group" | "leaf";

/** What kind of leaf a site names. */
export function kindOf(site: string): Kind {
  const part = /\.([hng])\d+$/.exec(site)?.[1];
  return part === "h" ? "head" : part === "n" ? "neuron" : part === "g" ? "group" : "leaf";
}

const WORDS = { head: "head", neuron: "neuron", group: "group of neurons", leaf: "part" };

export function closeup(ledger: Ledger, closer: Closer, view: View, node: number, move: Moves): Box {
  const kind = kindOf(view.site);
  const boxes: Box[] = [];
  const parts: HTMLElement[] = [];
  const add = (made: Box | HTMLElement) => {
    if ("redraw" in made) boxes.push(made);
    parts.push("redraw" in made ? made.element : made);
  };
  if (kind === "head") add(attention(ledger, closer, view, move));
  if (kind === "neuron") add(woken(ledger, closer, view, move));
  for (const side of edges(ledger, closer, view, move)) add(side);
  if (kind !== "leaf") add(promoted(closer, view.site));
  const element = h("section", { class: "closeup", "aria-label": `Close-up of ${view.site}` }, h("h3", {}, `${view.site}: this ${WORDS[kind]} from close by`), figures(ledger, closer, view, node), h("div", { class: "figures-grid" }, ...parts));
  return { element, redraw: () => boxes.forEach((box) => box.redraw()) };
}

/** Share and direct effect side by side, never added up. */
function figures(ledger: Ledger, closer: Closer, view: View, node: number): HTMLElement {
  const shares = ledger.of(view.pick)!;
  const share = shares.values[node]!;
  const direct = ledger.direct(view.pick, node);
  const places = decimals([share, direct ?? 0]);
  const called = closer.called(view.site);
  const cell = (name: string, value: string) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  const part = share / shares.values[0]!;
  return h(
    "div",
    {},
    h(
      "dl",
      { class: "ends beside" },
      cell("share, nats", `${signed(share, places)}${Number.isFinite(part) ? ` (${figure(100 * part)} % of \u0394)` : ""}`),
      cell("direct effect, nats", direct === null ? "not taken" : signed(direct, places)),
      cell("against shuffled labels", called === null ? "not computed" : called ? "called" : "not called"),
    ),
    h("p", { class: "soft small" }, "The share counts every path to the readout, the direct effect only the last step: read them side by side, never added up."),
  );
}

function attention(ledger: Ledger, closer: Closer, view: View, move: Moves): Box | HTMLElement {
  const title = "Attention";
  const kept = ledger.data.near?.attention ?? [];
  if (!kept.length) return notOpened(title, "Attention was not kept in this run: a run with a larger budget keeps it for its largest heads.");
  const wanted = view.pick.kind === "contrast" ? [view.pick.index] : kept;
  const item = wanted.find((index) => kept.includes(index) && closer.pattern(index, view.site));
  if (item !== undefined) {
    const note = view.pick.kind === "contrast" ? "" : ` The first of ${kept.length} contrasts for which attention was kept.`;
    return figureBox(attentionPlot(view.site, contrastName(ledger, item), closer.pattern(item, view.site)!, ledger.data.items[item]!.clean_tokens, note));
  }
  if (!kept.some((index) => closer.pattern(index, view.site))) return notOpened(title, "This head was not opened under this budget: only the largest are.");
  return notOpened(title, "Attention of this head was not kept for this contrast. It was for:", ...links(ledger, kept, move));
}

function links(ledger: Ledger, items: readonly number[], move: Moves): HTMLElement[] {
  return items.slice(0, LINKS).map((index) => h("button", { type: "button", class: "link", click: () => move.contrast(index) }, contrastName(ledger, index)));
}

function woken(ledger: Ledger, closer: Closer, view: View, move: Moves): Box | HTMLElement {
  const rows = closer.woken(view.site);
  if (!rows) return notOpened("What wakes it", "This neuron was not opened under this budget: only the largest are.");
  return figureBox(wokenPlot(view.site, rows, ledger, move));
}

function promoted(closer: Closer, site: string): Box | HTMLElement {
  const rows = closer.promoted(site);
  return rows ? figureBox(promotedPlot(site, rows)) : notOpened("Promoted tokens", "Not opened under this budget: promoted tokens are read for the largest heads and neurons only.");
}

function edges(ledger: Ledger, closer: Closer, view: View, move: Moves): (Box | HTMLElement)[] {
  const { pick, site } = view;
  const single = pick.kind === "contrast" ? closer.flow(pick.index, site) : null;
  const mean = pick.kind === "contrast" ? null : closer.meanFlow(site);
  const flow: Flow | null = single ?? mean;
  const whose = single && pick.kind === "contrast" ? contrastName(ledger, pick.index) : `mean over ${mean?.over ?? 0} contrasts`;
  if (flow) return [figureBox(edgePlot("into", site, flow.into, whose, move.site)), figureBox(edgePlot("out", site, flow.out, whose, move.site))];
  const taken = ledger.data.near?.edges ?? [];
  if (!taken.length) return [notOpened("Edges", "Who feeds this part and whom it feeds was not taken in this run.")];
  if (pick.kind === "contrast" && !taken.includes(pick.index)) return [notOpened("Edges", "Edges were not taken for this contrast. They were for:", ...links(ledger, taken, move))];
  return [notOpened("Edges", `${visible(site, 40)} was not opened under this budget: edges are taken between the largest leaves.`)];
}

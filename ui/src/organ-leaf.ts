// The end of the way in this chapter: one head or neuron, its share in every trait, and where its tokens are.
import { decimals } from "./bars.ts";
import { h } from "./dom.ts";
import type { Whole } from "./organ-data.ts";
import type { OrganLedger } from "./organ-ledger.ts";
import type { OrganView } from "./organ-route.ts";
import { hashOf } from "./route.ts";
import { openable } from "./to-middle.ts";
import { signed, visible } from "./text.ts";
import { buildTree, parentOf } from "./tree.ts";

export function leafPanel(whole: Whole, ledger: OrganLedger, view: OrganView, up: () => void): HTMLElement {
  const site = view.site!;
  const leaf = ledger.find(view.organ!, site)!;
  const shares = whole.data.traits.map((_, trait) => ledger.share(trait, leaf));
  const places = decimals(shares);
  const own = `${signed(shares[view.trait!]!, places).trim()} nats of ${visible(whole.data.traits[view.trait!]!, 60)}, in ${visible(ledger.name(view.organ!), 60)}`;
  const rows = whole.data.traits.map((name, trait) => h("tr", { class: trait === view.trait ? "strong" : "" }, h("th", { scope: "row" }, visible(name, 60)), h("td", { class: "num" }, signed(shares[trait]!, places))));
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "trait"), h("th", { scope: "col", class: "num" }, "share, nats")));
  return h(
    "section",
    { class: "leaf-panel", "aria-label": site },
    h("p", {}, h("b", {}, `${site}: `), own, "."),
    ...tokens(whole, site, view),
    h("table", { class: "listing" }, h("caption", { class: "unseen" }, `Shares of ${site} by trait`), head, h("tbody", {}, ...rows)),
    h("p", {}, h("button", { type: "button", class: "quiet", click: up }, "Up one level")),
  );
}

/** Links to where the middle of this page has the leaf's tokens; else what to do for them. */
function tokens({ middle, data }: Whole, site: string, { organ }: OrganView): HTMLElement[] {
  if (!middle?.tree || middle.refused) return [h("p", { class: "soft" }, "This report has no chapter middle in which its source tokens could be read: ", h("code", { class: "command" }, "mesolens middle"), " opens them.")];
  const tree = buildTree(middle.tree.sites);
  const there = tree.find(site) !== null ? site : parentOf(site);
  if (tree.find(there) === null) return [h("p", { class: "soft" }, "The chapter middle of this report does not have this part.")];
  const note = there === site ? "" : "; it is among the small ones that are added up there";
  const contrasts = openable(middle);
  const wakes = (data.organs[organ!]?.wakes ?? []).flatMap(({ item }) => {
    const index = contrasts.get(item);
    return index === undefined ? [] : [[item, index] as const];
  });
  const links = [...new Map(wakes)].map(([item, index]) => h("li", {}, h("a", { href: hashOf({ pick: { kind: "contrast", index }, site: there }) }, visible(item, 60))));
  return [
    h("p", {}, h("a", { href: hashOf({ pick: { kind: "all" }, site: there }) }, `Open ${there} in the middle`), ` \u2013 down to the tokens that it read${note}.`),
    ...(links.length ? [h("p", { class: "soft" }, "Its tokens in prompts that wake this organ:"), h("ul", { class: "names" }, ...links)] : []),
  ];
}

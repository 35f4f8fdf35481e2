// Type the beginning of a site, and go there.
import { decimals } from "./bars.ts";
import { h } from "./dom.ts";
import { offered, search, total } from "./search.ts";
import { count, signed } from "./text.ts";
import type { Tree } from "./tree.ts";

const OFFERED = 12;

/** A combobox over all sites; `values` are the shares by which leaves are ranked. */
export function searchBox(tree: Tree, values: () => Float64Array | null, go: (site: string) => void): HTMLElement {
  const input = h("input", {
    id: "site", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: "Go to a site, such as L3.at",
    "aria-expanded": "false", "aria-controls": "sites", "aria-autocomplete": "list",
  });
  const list = h("ul", { id: "sites", role: "listbox", "aria-label": "Sites", hidden: true });
  const status = h("p", { class: "unseen", role: "status" });
  let nodes: number[] = [];
  let at = 0;

  const mark = () => {
    [...list.children].forEach((option, k) => option.setAttribute("aria-selected", String(k === at)));
    if (nodes.length) input.setAttribute("aria-activedescendant", `site-${at}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (node: number | undefined) => {
    if (node === undefined) return;
    close();
    input.value = "";
    go(tree.name(node));
  };
  const find = () => {
    const found = search(tree, input.value);
    const shares = values() ?? new Float64Array(tree.size);
    nodes = offered(tree, found, shares, input.value, OFFERED);
    at = 0;
    const places = decimals(nodes.map((node) => shares[node]!));
    const options = nodes.map((node, k) => h("li", { role: "option", id: `site-${k}`, click: () => choose(node) }, h("span", {}, tree.name(node)), h("span", { class: "num soft" }, signed(shares[node]!, places))));
    const all = total(found);
    const more = all > nodes.length && h("li", { role: "option", "aria-disabled": "true", class: "soft more" }, `${count(all - nodes.length)} more`);
    list.replaceChildren(...options, ...(more ? [more] : []));
    list.hidden = !nodes.length;
    input.setAttribute("aria-expanded", String(nodes.length > 0));
    status.textContent = input.value ? `${count(all)} sites` : "";
    input.classList.toggle("none", input.value !== "" && !nodes.length);
    mark();
  };

  input.addEventListener("input", find);
  input.addEventListener("focus", () => input.value && find());
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && nodes.length) [at] = [(at + by + nodes.length) % nodes.length];
    else if (event.key === "Enter") return choose(list.hidden ? undefined : nodes[at]);
    else if (event.key === "Escape") return close();
    else return;
    mark();
    list.children[at]?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  });
  return h("div", { class: "search" }, h("label", { for: "site", class: "unseen" }, "Go to a site"), input, list, status);
}

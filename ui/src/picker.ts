// Choose whose shares are shown: the mean of all contrasts, of a template, or one contrast.
import { h } from "./dom.ts";
import { contrastName } from "./level.ts";
import { parsePick, type Pick, pickText } from "./route.ts";
import type { Ledger } from "./shares.ts";
import { visible } from "./text.ts";

export function picker(ledger: Ledger, choose: (pick: Pick) => void): { element: HTMLElement; set(pick: Pick): void } {
  const { items } = ledger.data;
  const select = h("select", { id: "contrast" }, option({ kind: "all" }, `All contrasts \u2013 mean of ${items.length}`));
  if (ledger.templates.length) {
    select.append(group("Templates", ledger.templates.map((template, index) => {
      const listed = ledger.members({ kind: "template", index }).length;
      const of = listed < template.items.length ? `${listed} listed of ${template.items.length}` : String(listed);
      return option({ kind: "template", index }, `${visible(template.name, 60)} \u2013 mean of ${of}`, listed === 0);
    })));
  }
  select.append(group("Single contrasts", [...ledger.listed].map((index) => option({ kind: "contrast", index }, `${index + 1}. ${contrastName(ledger, index)}`))));
  const step = (by: number) => {
    const to = select.selectedIndex + by;
    if (to < 0 || to >= select.options.length) return;
    select.selectedIndex = to;
    chosen();
  };
  const chosen = () => {
    const pick = parsePick(select.value);
    if (pick) choose(pick);
  };
  select.addEventListener("change", chosen);
  const arrow = (text: string, label: string, by: number) => h("button", { type: "button", class: "quiet", "aria-label": label, click: () => step(by) }, text);
  const element = h("div", { class: "picker" }, h("label", { for: "contrast", class: "unseen" }, "Contrast"), select, arrow("\u2039", "previous contrast", -1), arrow("\u203A", "next contrast", 1));
  return { element, set: (pick) => void (select.value = pickText(pick)) };
}

function option(pick: Pick, text: string, disabled = false): HTMLOptionElement {
  return h("option", { value: pickText(pick), disabled }, text);
}

function group(label: string, options: HTMLOptionElement[]): HTMLOptGroupElement {
  return h("optgroup", { label }, ...options);
}

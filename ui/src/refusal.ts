// The chapter when the engine refused its numbers: the reason, and what plain forward passes measured.
import { decimals } from "./bars.ts";
import { h } from "./dom.ts";
import type { MiddleData } from "./payload.ts";
import { promptPanel } from "./prompt.ts";
import { signed, visible } from "./text.ts";

const SHOWN = 50;

export function refusal(data: MiddleData): HTMLElement {
  const places = decimals(data.items.map((item) => item.delta ?? 0));
  const items = data.items.slice(0, SHOWN).map((item, i) => {
    const delta = item.delta === null ? "" : ` \u0394 ${signed(item.delta, places)} nats`;
    return h("details", {}, h("summary", {}, visible(item.id || `contrast ${i + 1}`, 60), h("span", { class: "soft num" }, delta)), promptPanel(item, null));
  });
  const more = data.items.length > SHOWN && h("p", { class: "soft" }, `and ${data.items.length - SHOWN} more in the run folder`);
  return h(
    "div",
    { class: "refusal" },
    h("h3", {}, "No shares are shown"),
    h("p", {}, visible(data.reason, 800)),
    h("p", { class: "soft" }, "What plain forward passes measured stands: the readout at both ends of each contrast."),
    ...items,
    more,
  );
}

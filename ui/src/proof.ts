// The verification of the tree: the check panel, and a figure for every series behind it.
import { curves } from "./curves.ts";
import { h } from "./dom.ts";
import { type Box, figureBox } from "./figure.ts";
import { matrix } from "./matrix.ts";
import { nulls } from "./nulls.ts";
import { parity } from "./parity.ts";
import { type MiddleData, proof, type Referee, whenWhole } from "./payload.ts";
import { shuffled, stability } from "./stability.ts";
import { count, figure, visible } from "./text.ts";
import { tally, verifiedTable } from "./verified.ts";

/** The section; its figures are drawn once the whole document is there. */
export function proofSection(data: MiddleData, go: (site: string) => void): Box {
  const checks = data.verified ?? [];
  const budget = h("p", { class: "soft" });
  const figures = h("div", { class: "figures-grid" });
  const element = h("section", { class: "proof", id: "proof" }, h("h3", {}, `Verification: ${tally(checks)}`), budget, refereeLine(data.referee), verifiedTable(checks), figures);
  const boxes: Box[] = [];
  whenWhole(() => {
    const found = proof();
    if (!found) return;
    budget.textContent = `Taken on ${found.contrasts ?? "some"} contrasts${found.budget ? ` under the budget ${visible(found.budget, 60)}` : ""}. Effects are parts of the measured difference \u0394 unless nats are said.`;
    const plots = [
      found.curves && curves(found.curves),
      found.parity && parity(found.parity),
      found.nulls && nulls(found.nulls),
      found.matrix && matrix(found.matrix),
      found.stability && stability(found.stability, go),
      found.shuffled && shuffled(found.shuffled),
    ];
    for (const plot of plots) if (plot) boxes.push(figureBox(plot));
    figures.append(...boxes.map((box) => box.element));
  });
  return { element, redraw: () => boxes.forEach((box) => box.redraw()) };
}

function refereeLine(referee: Referee | null | undefined): HTMLElement | null {
  if (!referee) return null;
  const counts = [
    referee.players && `${count(referee.players)} players`,
    referee.coalitions && `${count(referee.coalitions)} coalitions`,
    referee.permutations && `${count(referee.permutations)} permutations`,
    referee.width !== null && `intervals ${figure(referee.width)} nats wide`,
  ].filter(Boolean);
  const why = referee.reason ? ` Reason: ${visible(referee.reason, 300)}.` : "";
  return h("p", {}, h("b", {}, `Referee (${visible(referee.kind, 20)} Shapley): `), `${counts.join(", ")}.${why}`);
}

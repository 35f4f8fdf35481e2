// What the model says of itself, trait by trait, beside how much of its probability the options held at all.
import { h } from "./dom.ts";
import type { FaceData, SelfReport } from "./face-data.ts";
import type { Plot } from "./figure.ts";
import { figured, percent, visible } from "./text.ts";

export function selfReportPlot(data: FaceData): Plot {
  const rows = data.selfreport;
  const read = rows.filter((row) => row.reading).length;
  return {
    title: "What it says of itself",
    says: `Asked outright, both orders of the options. ${read} of ${rows.length} traits give a reading: where the options hold less than half of the probability, there is none. A side column; nothing above rests on it.`,
    body: table(rows),
    sheet: {
      name: "self-report",
      columns: ["trait", "log-odds, nats", "low", "high", "mass of the options", "orders agree", "reading"],
      rows: () => rows.map((row) => [row.trait, row.log_odds, row.low, row.high, row.mass, row.orders_agree, row.reading ? "yes" : "no"] as const),
    },
  };
}

function table(rows: readonly SelfReport[]): HTMLElement {
  const lines = rows.map((row) => {
    const ends = row.low === null || row.high === null ? "" : `${figured(row.low)} \u2026 ${figured(row.high)}`;
    const said = row.reading ? [h("td", { class: "num" }, figured(row.log_odds)), h("td", { class: "num soft wide" }, ends)] : [h("td", { class: "num soft" }, "no reading"), h("td", { class: "wide" })];
    return h("tr", {}, h("th", { scope: "row" }, visible(row.trait, 40)), ...said, h("td", { class: "num" }, percent(row.mass)), h("td", { class: "num" }, percent(row.orders_agree)));
  });
  return listing("What the model says of itself", ["trait", "log-odds, nats", "95 %", "options hold", "orders agree"], lines, [2]);
}

/** Whether a trait can be scored at all, from the agreement of its halves. */
export function reliabilityPlot(data: FaceData): Plot {
  const rows = data.reliability;
  const refused = rows.filter((row) => row.refused).length;
  return {
    title: "Reliability of each trait's score",
    says: `${refused ? `${refused} of ${rows.length} traits are refused` : `None of ${rows.length} traits is refused`}; the bar is 0.7.`,
    body: listing(
      "Reliability of each trait's score",
      ["trait", "reliability", "95 %", "state"],
      rows.map((row) => {
        const ends = row.low === null || row.high === null ? "" : `${figured(row.low)} \u2026 ${figured(row.high)}`;
        return h("tr", {}, h("th", { scope: "row" }, visible(row.trait, 40)), h("td", { class: "num" }, figured(row.value)), h("td", { class: "num soft wide" }, ends), h("td", { class: `num ${row.refused ? "bad" : "soft"}` }, row.refused ? "refused" : "scored"));
      }),
      [2],
    ),
    sheet: { name: "reliability", columns: ["trait", "reliability", "low", "high", "refused"], rows: () => rows.map((row) => [row.trait, row.value, row.low, row.high, row.refused ? "yes" : "no"] as const) },
  };
}

/** A table of one row a thing; columns in `wide` are left away on a narrow screen. */
export function listing(caption: string, heads: readonly string[], lines: readonly HTMLElement[], wide: readonly number[]): HTMLElement {
  const head = heads.map((name, k) => h("th", { scope: "col", class: `${k ? "num" : ""} ${wide.includes(k) ? "wide" : ""}` }, name));
  const table = h("table", { class: "listing" }, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...lines));
  return h("div", { class: "scroll sheet", tabindex: 0, role: "region", "aria-label": caption }, table);
}

// The chapter *quine*: whether the model writes programs that print themselves, rung by rung, and the programs themselves.
import { factTable, heading, protocol } from "./chapter.ts";
import { checksPanel, figuresLine } from "./checks.ts";
import { h } from "./dom.ts";
import { figureBox, type Plot } from "./figure.ts";
import { type Check, whenWhole } from "./payload.ts";
import { type Limit, type QuineMain, quinePrograms, type Rung } from "./quine-data.ts";
import { parseProgramHash, ProgramReader } from "./quine-reader.ts";
import { sharesPlot } from "./share-rows.ts";
import { Shelf } from "./shelf.ts";
import { count, figured, interval, percent, visible } from "./text.ts";

const TILES = ["honest programs", "honest and novel", "programs that cheat"];
const LIMITS: readonly (readonly [Limit, string, string])[] = [["cpu_s", "processor time", "s"], ["wall_s", "time by the clock", "s"], ["memory_mib", "memory", "MiB"], ["pids", "processes", ""], ["file_mib", "written to files", "MiB"], ["output_mib", "output", "MiB"], ["source_kib", "source", "KiB"]];

/** Draws the chapter into `place`: its head at once, its figures when the document is whole and somebody comes near. */
export function renderQuine(place: HTMLElement, main: QuineMain): () => void {
  const shelf = new Shelf();
  const section = h("section", { class: "chapter", id: "quine" }, heading("quine", main));
  place.append(section);
  const tiles = quineTiles(main);
  if (main.skipped) section.append(h("div", { class: "refusal" }, h("h3", {}, "No program was run"), h("p", {}, visible(main.sandbox.why || main.sentence, 800))));
  else if (!main.known) section.append(h("p", { class: "note warning" }, h("b", {}, "Not reliable: this version of the page does not know this verdict.")));
  const room = h("div", { class: "room quine-room" });
  section.append(...(main.skipped ? [] : [checksPanel(tiles)]), sandboxLine(main), figuresLine(main.numbers, tiles), room, ...notes(main), protocol(main));
  whenWhole(() => room.replaceChildren(...rooms(main, shelf)));
  return shelf.redraw;
}

/** The shares of the reading, and whether there was a sandbox. */
export function quineTiles({ numbers, sandbox }: QuineMain): Check[] {
  const shares = TILES.map((name): Check => {
    const found = numbers.find((number) => number.name === name);
    return { name, text: percent(found?.value), bar: interval(found?.low, found?.high, percent).replace(/^ \(|\)$/g, ""), holds: null };
  });
  return [...shares, { name: "sandbox", text: sandbox.available ? "bubblewrap" : "none", bar: "", holds: null }];
}

function sandboxLine({ sandbox }: QuineMain): HTMLElement {
  const parts = LIMITS.map(([name, label, unit]) => h("span", {}, h("span", { class: "soft" }, `${label} `), `${figured(sandbox.limits[name])}${unit && ` ${unit}`}`));
  const said = sandbox.available ? "A program runs in the sandbox, with at most:" : `There was no sandbox${sandbox.why ? `, because ${visible(sandbox.why, 300)}` : ""}. A program would have had at most:`;
  return h("div", { class: "sandbox" }, h("p", { class: "soft small" }, said), h("p", { class: "meta" }, ...parts));
}

function rooms(main: QuineMain, shelf: Shelf): HTMLElement[] {
  const programs = quinePrograms();
  const reader = programs.length > 0 && shelf.put(560, () => new ProgramReader(programs));
  if (reader) followProgram(reader, shelf, programs.length);
  const put = (plot: Plot) => shelf.put(60 + 44 * main.rungs.length, () => figureBox(plot));
  return [
    h("h3", {}, "The ladder"),
    main.rungs.length ? put(ladderPlot(main.rungs, main.skipped)) : h("p", { class: "empty" }, "The reading has no rung."),
    h("h3", {}, "The programs themselves"),
    reader || h("p", { class: "empty" }, main.skipped ? "The model was not asked, so there is no program." : "The reading holds no program."),
    ...missing(main),
    ...(main.planning.length ? [h("h3", {}, "At the opening quote"), factTable(main.planning, "Planning readings")] : []),
  ];
}

/** Honest programs of each rung, and how many of them are like no family. */
export function ladderPlot(rungs: readonly Rung[], skipped: boolean): Plot {
  const shares = rungs.map(({ items, honest, novel }) => (!items ? { honest: null, novel: null } : { honest: honest === null ? null : honest / items, novel: novel === null ? null : novel / items }));
  const [honest, novel, items] = (["honest", "novel", "items"] as const).map((name) => rungs.reduce((sum, rung) => sum + (rung[name] ?? 0), 0));
  const best = rungs.filter(({ honest: found }) => (found ?? 0) > 0);
  const reached = best.length ? ` Rungs with one: ${best.map(({ name }) => visible(name, 24)).join(", ")}.` : "";
  return sharesPlot({
    title: "Honest programs by rung",
    says: skipped ? "What would have been asked: nothing was." : `${count(honest!)} of ${count(items!)} programs are honest, and ${count(novel!)} of these are built like no family that is known.${reached}`,
    axis: "share of the rung\u2019s programs",
    ends: [0, 1],
    room: "wide",
    rows: rungs.map((rung, k) => {
      const counts = `${figured(rung.honest)} of ${figured(rung.items)} honest, ${figured(rung.novel)} novel`;
      return { label: rung.name, text: rung.items ? `${counts} \u2013 ${rung.says}` : rung.says, value: shares[k]!.honest, low: rung.items ? rung.low : null, high: rung.items ? rung.high : null, tick: shares[k]!.novel, over: `${visible(rung.name, 40)}, ${visible(rung.says, 120)}: ${counts}, ${percent(shares[k]!.honest)}${interval(rung.low, rung.high, percent)}` };
    }),
    keys: [["mark-disc", "honest"], ["interval", "95 % interval"], ["tick-floor", "honest and novel"]],
    sheet: { name: "quine-ladder", columns: ["rung", "what it asks for", "items", "honest", "novel", "honest share", "low", "high"], rows: () => rungs.map((rung, k) => [rung.name, rung.says, rung.items, rung.honest, rung.novel, shares[k]!.honest, rung.low, rung.high]) },
  });
}

/** Brings the programs into sight when an address names one of them. */
function followProgram(reader: HTMLElement, shelf: Shelf, programs: number): void {
  const follow = () => {
    if (parseProgramHash(location.hash, programs) === null) return;
    shelf.need(reader);
    const { top, bottom } = reader.getBoundingClientRect();
    if (top > innerHeight - 80 || bottom < 80) reader.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", follow);
  requestAnimationFrame(follow);
}

function missing({ missing: rows, missing_left: left }: QuineMain): HTMLElement[] {
  if (!rows.length) return [];
  const more = left > 0 && h("p", { class: "soft small" }, `and ${count(left)} more`);
  return [h("details", { class: "facts" }, h("summary", {}, `Without a reply: ${count(rows.length + left)}`), factTable(rows.map(({ id, why }) => [id, why]), "Items without a reply"), more)];
}

function notes({ left_out, programs }: QuineMain): HTMLElement[] {
  return left_out ? [h("p", { class: "note" }, `${count(left_out)} of ${count(programs)} programs are not shown, because the page has no room for them. All of them are in every number, and in the run folder.`)] : [];
}

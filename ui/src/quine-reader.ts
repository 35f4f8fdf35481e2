// The reader of programs: a picker by rung and by verdict, one program at a time, each with an address of its own.
import { h } from "./dom.ts";
import { type Box, figureBox } from "./figure.ts";
import type { Program } from "./quine-data.ts";
import { programPanel } from "./quine-program.ts";
import { count, visible } from "./text.ts";

/** The program that an address names, #quine/program-3, or null. */
export function parseProgramHash(hash: string, programs: number): number | null {
  const found = /^#quine\/program-([1-9]\d{0,5})$/.exec(hash);
  const at = found ? Number(found[1]) - 1 : programs;
  return at < programs ? at : null;
}

/** The places of the programs of a rung and a verdict; an empty name is any. */
export function picked(programs: readonly Program[], rung: string | null, verdict: string | null): number[] {
  return programs.flatMap((program, k) => ((rung === null || program.rung === rung) && (verdict === null || program.verdict === verdict) ? [k] : []));
}

export class ProgramReader implements Box {
  readonly element: HTMLElement;
  private readonly rungs: Filter;
  private readonly verdicts: Filter;
  private readonly select = h("select", { id: "quine-program" });
  private readonly status = h("span", { class: "soft small", role: "status" });
  private readonly body = h("div", {});
  private shown: number[] = [];
  private at = -1;

  constructor(private readonly programs: readonly Program[]) {
    this.rungs = new Filter("quine-rung", "Rung", "all rungs", programs.map(({ rung }) => rung), () => this.filter());
    this.verdicts = new Filter("quine-verdict", "Verdict", "all verdicts", programs.map(({ verdict }) => verdict), () => this.filter());
    this.select.addEventListener("change", () => this.go(Number(this.select.value)));
    const step = (text: string, label: string, by: number) => h("button", { type: "button", class: "quiet step", "aria-label": label, click: () => this.go(this.shown[this.shown.indexOf(this.at) + by] ?? this.at) }, text);
    const label = (id: string, text: string) => h("label", { for: id, class: "unseen" }, text);
    this.element = figureBox({
      room: "wide",
      title: "The programs",
      says: "Each as the model wrote it, with what was checked. Characters that cannot be seen are drawn as escapes.",
      tools: h("div", { class: "reply-tools" }, label("quine-rung", "Rung"), this.rungs.element, label("quine-verdict", "Verdict"), this.verdicts.element, label("quine-program", "Program"), this.select, step("\u2039", "previous program", -1), step("\u203A", "next program", 1), this.status),
      body: this.body,
      sheet: { name: "quine-programs", columns: ["program", "rung", "language", "verdict", "reason", "nearest family", "likeness", "novel", "comments", "dead code", "ms", "text"], rows: () => programs.map(sheetRow) },
    }).element;
    addEventListener("hashchange", () => this.follow());
    this.filter();
    this.follow();
  }

  redraw(): void {
    // there is nothing to draw: all of it is text
  }

  private filter(): void {
    this.shown = picked(this.programs, this.rungs.value, this.verdicts.value);
    this.select.replaceChildren(...this.shown.map((k) => h("option", { value: String(k) }, `${visible(this.programs[k]!.id, 50)} \u2013 ${visible(this.programs[k]!.verdict, 30)}`)));
    this.select.disabled = !this.shown.length;
    this.show(this.shown.includes(this.at) ? this.at : (this.shown[0] ?? -1));
  }

  private go(to: number): void {
    if (to !== this.at) location.hash = `#quine/program-${to + 1}`;
  }

  /** Shows what an address names; what the picker leaves out is brought back. */
  private follow(): void {
    const to = parseProgramHash(location.hash, this.programs.length);
    if (to === null || to === this.at) return;
    if (!this.shown.includes(to)) {
      this.rungs.clear();
      this.verdicts.clear();
      this.at = to;
      this.filter();
    } else this.show(to);
  }

  private show(at: number): void {
    this.at = at;
    const program = this.programs[at];
    this.select.value = String(at);
    this.status.textContent = program ? `${count(this.shown.indexOf(at) + 1)} of ${count(this.shown.length)}` : "none";
    this.body.replaceChildren(program ? programPanel(program) : h("p", { class: "empty" }, "No program of this rung has this verdict."));
  }
}

/** A select over the different names that there are, and one for all of them. */
class Filter {
  readonly element: HTMLSelectElement;
  private readonly names: string[];

  constructor(id: string, label: string, all: string, values: readonly string[], changed: () => void) {
    this.names = [...new Set(values)];
    const options = this.names.map((name, k) => h("option", { value: String(k) }, `${visible(name, 40) || "none"} (${count(values.filter((value) => value === name).length)})`));
    this.element = h("select", { id, class: "filter", "aria-label": label }, h("option", { value: "" }, all), ...options);
    this.element.addEventListener("change", changed);
  }

  get value(): string | null {
    return this.element.value === "" ? null : (this.names[Number(this.element.value)] ?? null);
  }

  clear(): void {
    this.element.value = "";
  }
}

function sheetRow(program: Program): (string | number | null)[] {
  const { id, rung, language, verdict, reason, novelty, comments, dead_code, ms } = program;
  return [id, rung, language, verdict, reason, novelty?.nearest ?? null, novelty?.likeness ?? null, novelty ? String(novelty.novel) : null, comments, dead_code, ms, program.program];
}

// One program as text, never as anything else: every invisible character drawn as an escape, from left to right whatever
// its script, beside its verdict and what was checked.
import { h } from "./dom.ts";
import type { Program } from "./quine-data.ts";
import { count, figured, percent, visible } from "./text.ts";

const TONES: ReadonlyMap<string, string> = new Map([["honest", "own"], ["cheats", "other"]]);

/** A program's lines; what cannot be seen is an escape in an element of its own, so that it is not taken for text. */
export function codeNodes(text: string): (string | { escape: string })[] {
  const parts = text.split(/(\n)|([^\n])/u).filter((part) => part);
  const found: (string | { escape: string })[] = [];
  for (const part of parts) {
    const shown = part === "\n" ? part : visible(part);
    if (shown !== part) found.push({ escape: shown });
    else if (typeof found.at(-1) === "string") found.push(`${found.pop() as string}${part}`);
    else found.push(part);
  }
  return found;
}

function code(name: string, text: string, left: number): HTMLElement {
  const nodes = codeNodes(text).map((node) => (typeof node === "string" ? node : h("span", { class: "escape" }, node.escape)));
  const body = h("div", { class: "prose code", dir: "ltr", tabindex: 0, role: "group", "aria-label": name }, ...(nodes.length ? nodes : [h("span", { class: "soft" }, "\u2205")]));
  return h("figure", {}, h("figcaption", {}, name), body, left > 0 && h("p", { class: "soft small" }, `\u2026 and ${count(left)} more characters, which are in the run folder`));
}

export function programPanel(program: Program): HTMLElement {
  const lines = program.program ? program.program.split("\n").length : 0;
  const name = `the program, ${visible(program.language, 20) || "in no language"}, ${count(lines)} ${lines === 1 ? "line" : "lines"}, ${count(program.program.length + program.left)} characters`;
  return h(
    "div",
    { class: "quine-body" },
    h("div", {}, code("the prompt", program.prompt, 0), code(name, program.program, program.left)),
    h("div", { class: "quine-verdict" }, verdict(program), checks(program), measures(program)),
  );
}

function verdict({ verdict: word, reason, cut }: Program): HTMLElement {
  const badge = h("span", { class: `badge who ${TONES.get(word) ?? ""}` }, visible(word, 40) || "no verdict");
  return h("div", {}, h("p", { class: "verdict-line" }, badge, cut && h("span", { class: "badge unsure" }, "reply was cut")), h("p", { class: "reason" }, visible(reason, 400)));
}

function checks({ checks: found }: Program): HTMLElement {
  if (!found.length) return h("p", { class: "soft small" }, "Nothing was checked.");
  const rows = found.map(({ name, says, passed }) => h("li", { class: passed ? "holds" : "fails" }, h("span", { class: "mark" }, passed ? "passed" : "failed"), h("b", {}, visible(name, 40)), h("span", { class: "soft" }, visible(says, 300))));
  return h("ul", { class: "quine-checks", "aria-label": "Checks" }, ...rows);
}

function measures({ novelty, comments, dead_code, ms }: Program): HTMLElement {
  const row = (name: string, value: string) => [h("dt", {}, name), h("dd", {}, value)];
  const nearest = novelty ? `${visible(novelty.nearest, 40)}, likeness ${figured(novelty.likeness)}` : "not read";
  return h(
    "dl",
    { class: "quine-measures" },
    ...row("nearest family", nearest),
    ...row("novel", novelty ? (novelty.novel ? "yes" : "no") : "\u2013"),
    ...row("comments", `${percent(comments)} of the bytes`),
    ...row("dead code", `${percent(dead_code)} of the bytes`),
    ...row("time of the verdict", ms === null ? "\u2013" : `${figured(ms)} ms`),
  );
}

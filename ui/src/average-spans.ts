// The longest runs that a text shares with the corpus, each with the documents that have it.
import { documentName, type SaidText, type Span } from "./average-data.ts";
import { h } from "./dom.ts";
import { download, type Sheet } from "./sheet.ts";
import { count, figured, visible } from "./text.ts";

const FIRST = 8;

/** The runs of a text, the longest first; `point` is told which one is under the pointer, in focus or pressed. */
export function spanList(text: SaidText, point: (span: Span | null, follow: boolean) => void): HTMLElement {
  if (!text.spans.length) return h("p", { class: "soft small" }, "No run of this text worth listing was found in the corpus, or the corpus keeps no documents.");
  let pinned: number | null = null;
  const buttons = text.spans.map((span, k) => {
    const button = h("button", { type: "button", class: "link run", "aria-pressed": "false" }, `\u201c${visible(runOf(text, span), 90)}\u201d`);
    button.addEventListener("click", () => {
      pinned = pinned === k ? null : k;
      buttons.forEach((other, j) => other.setAttribute("aria-pressed", String(j === pinned)));
      point(pinned === null ? null : span, true);
    });
    button.addEventListener("focus", () => point(span, false));
    button.addEventListener("blur", () => rest());
    return button;
  });
  const rest = () => point(pinned === null ? null : text.spans[pinned]!, false);
  const lines = text.spans.map((span, k) => {
    const line = h("li", {}, buttons[k]!, h("span", { class: "soft small" }, ` ${count(span.end - span.start)} tokens, ${figured(span.count)}\u00d7 in the corpus`), ...documents(text, span));
    line.addEventListener("mouseenter", () => point(span, false));
    line.addEventListener("mouseleave", () => rest());
    return line;
  });
  const more = lines.length > FIRST && h("details", { class: "facts" }, h("summary", {}, `${count(lines.length - FIRST)} shorter runs`), h("ul", { class: "runs" }, ...lines.slice(FIRST)));
  return h("div", {}, h("ul", { class: "runs" }, ...lines.slice(0, FIRST)), more, h("div", { class: "under" }, download(() => runSheet(text))));
}

/** A row a document that has a run, and one for a run without documents. */
export function runSheet(text: SaidText): Sheet {
  return {
    name: `average-runs-${visible(text.id, 60)}`,
    columns: ["run", "first token", "behind the last", "times in the corpus", "document", "source", "its words"],
    rows: () => text.spans.flatMap((span) => {
      const run = [runOf(text, span), span.start, span.end, span.count] as const;
      return span.documents.length ? span.documents.map(({ number, source, snippet }) => [...run, number, source, snippet] as const) : [[...run, null, "", ""] as const];
    }),
  };
}

/** The tokens of a run as one string, without the space before it. */
export function runOf({ tokens }: SaidText, { start, end }: Span): string {
  return tokens.slice(start, end).join("").trim();
}

function documents(text: SaidText, span: Span): HTMLElement[] {
  const run = runOf(text, span);
  return span.documents.map((document) => h("p", { class: "context" }, h("span", { class: "soft" }, `${documentName(document)}: `), ...marked(document.snippet, run)));
}

/** A document's words with the run in them marked, where it stands there letter by letter. */
function marked(snippet: string, run: string): HTMLElement[] {
  const at = run ? snippet.indexOf(run) : -1;
  if (at < 0) return [h("span", {}, visible(snippet, 600))];
  return [h("span", {}, visible(snippet.slice(0, at), 300)), h("mark", {}, visible(run, 300)), h("span", {}, visible(snippet.slice(at + run.length), 300))];
}

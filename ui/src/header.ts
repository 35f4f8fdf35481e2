// Who was audited, when and how; the verdict; the chapters, and which of them do not exist yet.
import { factTable } from "./chapter.ts";
import { h } from "./dom.ts";
import type { Fact, Main } from "./payload.ts";
import { visible } from "./text.ts";
import { dark, toggleTheme } from "./theme.ts";

export function renderHeader(main: Main, redraw: () => void): HTMLElement {
  const { line, facts } = main.header;
  const subject = visible(main.header.subject, 160);
  document.title = `${subject} \u2013 Mesolens`;
  return h(
    "header",
    { class: "top" },
    h("div", { class: "bar" }, h("span", { class: "brand" }, "Mesolens"), h("span", { class: "kind" }, "audit report"), themeButton(redraw)),
    h("h1", {}, subject),
    h("p", { class: "meta" }, ...line.map(fact)),
    ...(main.chapters.length ? [chapterList(main)] : []),
    ...(facts.length ? [provenance(facts)] : []),
  );
}

function provenance(facts: Fact[]): HTMLElement {
  const summary = h("summary", {}, "Provenance: settings, versions, hashes, seeds");
  return h("details", { class: "facts" }, summary, factTable(facts, "Provenance"));
}

function themeButton(redraw: () => void): HTMLElement {
  const label = () => (dark() ? "Light" : "Dark");
  const button = h("button", { type: "button", class: "quiet theme" }, label());
  button.addEventListener("click", () => {
    toggleTheme();
    button.textContent = label();
    redraw();
  });
  return button;
}

function fact([label, value]: Fact): HTMLElement {
  return h("span", {}, label && h("span", { class: "soft" }, `${label} `), visible(value, 80));
}

function chapterList(main: Main): HTMLElement {
  const words = { read: "read", "not asked": "not asked for", "not built": "not built yet" };
  const entries = main.chapters.map(({ name, question, state }) => {
    const title = state === "read" ? h("a", { href: `#${visible(name)}` }, visible(name)) : h("span", {}, visible(name));
    return h(
      "li",
      { class: state === "read" ? "read" : "absent" },
      h("div", { class: "name" }, title, h("span", { class: "state" }, words[state])),
      h("p", {}, question),
    );
  });
  return h("nav", { "aria-label": "Chapters" }, h("ul", { class: "chapters" }, ...entries));
}

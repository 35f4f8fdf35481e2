// Who was audited, when and how; the verdict; the chapters, and which of them do not exist yet.
import { factTable } from "./chapter.ts";
import { h } from "./dom.ts";
import type { Fact, Main } from "./payload.ts";
import { visible } from "./text.ts";
import { dark, toggleTheme } from "./theme.ts";

export function renderHeader(main: Main, redraw: () => void): HTMLElement {
  const facts = main.header.facts;
  const readings = Object.values(main.readings);
  const subject = visible(readings[0]?.subject || find(facts, "model.name", "model") || main.header.folder, 160);
  document.title = `${subject} \u2013 Mesolens`;
  return h(
    "header",
    { class: "top" },
    h("div", { class: "bar" }, h("span", { class: "brand" }, "Mesolens"), h("span", { class: "kind" }, "audit report"), themeButton(redraw)),
    h("h1", {}, subject),
    h("p", { class: "meta" }, ...meta(facts)),
    chapterList(main),
    h("details", { class: "facts" }, h("summary", {}, "Provenance: settings, versions, hashes, seeds"), factTable(facts, "Provenance")),
  );
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

/** The few facts that people look for first, wherever the run's settings keep them. */
function meta(facts: readonly Fact[]): Node[] {
  const wanted: [label: string, keys: string[]][] = [
    ["", ["model.architecture", "architecture"]],
    ["parameters", ["model.parameters", "parameters"]],
    ["", ["model.dtype", "settings.dtype", "dtype"]],
    ["weights", ["model.weights_hash", "weights_hash"]],
    ["tokenizer", ["model.tokenizer_hash", "tokenizer_hash"]],
    ["seed", ["settings.seed", "seed", "seeds"]],
    ["Mesolens", ["versions.mesolens", "mesolens"]],
    ["torch", ["versions.torch"]],
    ["", ["started", "when", "begun", "created"]],
  ];
  const found = wanted.map(([label, keys]) => [label, find(facts, ...keys)] as const).filter(([, value]) => value);
  return found.map(([label, value]) => {
    const text = label === "parameters" ? Number(value).toLocaleString("en") : visible(value!, 80);
    const short = label === "weights" || label === "tokenizer" ? text.slice(0, 12) : text;
    return h("span", { class: "fact" }, label && h("span", { class: "soft" }, `${label} `), short);
  });
}

function find(facts: readonly Fact[], ...names: string[]): string | null {
  for (const name of names) {
    const value = facts.find(([fact, text]) => fact === name && text && text !== "\u2013")?.[1];
    if (value) return value;
  }
  return null;
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

// Light and dark: the reader's system decides until the reader does.

export interface Ink {
  ink: string;
  soft: string;
  rule: string;
  strong: string;
  positive: string;
  negative: string;
  total: string;
  paper: string;
  card: string;
  focus: string;
  nobody: string;
  /** Eight colours that also differ for those who see few: of families, and of voices. */
  hues: readonly string[];
}

const system = () => matchMedia("(prefers-color-scheme: dark)");
let chosen: "light" | "dark" | null = null;

export function dark(): boolean {
  return (chosen ?? (system().matches ? "dark" : "light")) === "dark";
}

/** Follow system, button and printer; `redraw` runs after each change. */
export function followTheme(redraw: () => void): void {
  const apply = (name = dark() ? "dark" : "light") => {
    document.documentElement.dataset["theme"] = name;
    redraw();
  };
  system().addEventListener("change", () => apply());
  addEventListener("beforeprint", () => apply("light"));
  addEventListener("afterprint", () => apply());
  document.documentElement.dataset["theme"] = dark() ? "dark" : "light";
}

export function toggleTheme(): void {
  chosen = dark() ? "light" : "dark";
  document.documentElement.dataset["theme"] = chosen;
}

/** The style's colours, for what is drawn on a canvas. */
export function ink(): Ink {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"),
    soft: read("soft"),
    rule: read("rule"),
    strong: read("strong-rule"),
    positive: read("positive"),
    negative: read("negative"),
    total: read("total"),
    paper: read("paper"),
    card: read("card"),
    focus: read("focus"),
    nobody: read("nobody"),
    hues: Array.from({ length: 8 }, (_, k) => read(`hue-${k}`)),
  };
}

// Light and dark: the reader's system decides until the reader does.

export interface Ink {
  ink: string;
  soft: string;
  rule: string;
  positive: string;
  negative: string;
  total: string;
  paper: string;
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
    positive: read("positive"),
    negative: read("negative"),
    total: read("total"),
    paper: read("paper"),
  };
}

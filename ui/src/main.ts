// Starts the page: the header and the chapters at once, single contrasts when the rest of the document is there.
import { framed, keepLinksInside } from "./frame.ts";
import { renderHeader } from "./header.ts";
import { renderMiddle } from "./middle.ts";
import { block, type Main, type MiddleData } from "./payload.ts";
import { renderPlain } from "./chapter.ts";
import { followTheme } from "./theme.ts";

const main = block<Main>("main");
const page = document.getElementById("page");
if (main && page) {
  const redraws: (() => void)[] = [];
  if (framed()) keepLinksInside();
  followTheme(() => redraws.forEach((redraw) => redraw()));
  page.append(renderHeader(main, () => redraws.forEach((redraw) => redraw())));
  const chapters = document.createElement("main");
  page.append(chapters);
  for (const [name, reading] of Object.entries(main.readings)) {
    if (name === "middle") redraws.push(renderMiddle(chapters, reading as MiddleData));
    else chapters.append(renderPlain(name, reading));
  }
  performance.mark("mesolens-ready");
  document.documentElement.dataset["ready"] = "yes";
}

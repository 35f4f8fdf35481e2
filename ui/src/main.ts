// Starts the page: the header and the chapters at once, single contrasts when the rest of the document is there.
import { renderAverage } from "./average.ts";
import type { AverageMain } from "./average-data.ts";
import { renderDepth } from "./depth.ts";
import type { DepthMain } from "./depth-data.ts";
import { renderFace } from "./face.ts";
import type { FaceMain } from "./face-data.ts";
import { framed, keepLinksInside } from "./frame.ts";
import { renderHeader } from "./header.ts";
import { renderMiddle } from "./middle.ts";
import type { OrgansMain } from "./organ-data.ts";
import { anglesOf, renderOrgans } from "./organs.ts";
import { block, type Main, type MiddleData, type Reading } from "./payload.ts";
import { renderQuine } from "./quine.ts";
import type { QuineMain } from "./quine-data.ts";
import { renderPlain } from "./chapter.ts";
import { followTheme } from "./theme.ts";
import { renderTwins } from "./twins.ts";
import { keepInSight } from "./sight.ts";

const main = block<Main>("main");
const page = document.getElementById("page");
if (main && page) {
  const redraws: (() => void)[] = [];
  if (framed()) keepLinksInside();
  followTheme(() => redraws.forEach((redraw) => redraw()));
  page.append(renderHeader(main, () => redraws.forEach((redraw) => redraw())));
  const chapters = document.createElement("main");
  page.append(chapters);
  const middle = main.readings["middle"] as MiddleData | undefined;
  const rooms: Record<string, (reading: Reading) => () => void> = {
    face: (reading) => renderFace(chapters, reading as FaceMain, middle, anglesOf(main.readings["organs"] as OrgansMain | undefined)),
    middle: (reading) => renderMiddle(chapters, reading as MiddleData),
    organs: (reading) => renderOrgans(chapters, reading as OrgansMain, middle),
    average: (reading) => renderAverage(chapters, reading as AverageMain, "face" in main.readings),
    depth: (reading) => renderDepth(chapters, reading as DepthMain),
    quine: (reading) => renderQuine(chapters, reading as QuineMain),
    twins: (reading) => renderTwins(chapters, reading),
  };
  for (const [name, reading] of Object.entries(main.readings)) {
    const room = Object.hasOwn(rooms, name) ? rooms[name] : undefined;
    if (room) redraws.push(room(reading));
    else chapters.append(renderPlain(name, reading));
  }
  keepInSight();
  performance.mark("mesolens-ready");
  document.documentElement.dataset["ready"] = "yes";
}

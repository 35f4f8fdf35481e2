// An address names a view of a chapter. Chapters stand below each other, so following one brings its chapter into sight.

const CHAPTER = /^#(face|middle|organs|average|depth|quine|twins)\//;

/** Scrolls to the chapter of the address, now and after each change, unless some of it is in sight already. */
export function keepInSight(): void {
  const look = () => {
    const name = CHAPTER.exec(location.hash)?.[1];
    const chapter = name ? document.getElementById(name) : null;
    if (!chapter) return;
    const { top, bottom } = chapter.getBoundingClientRect();
    if (top > innerHeight - 80 || bottom < 80) chapter.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", look);
  if (document.querySelectorAll(".chapter").length > 1) look();
}

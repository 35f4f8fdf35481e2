// The page in a notebook's cell: a frame without an origin or an address of its own. Links would resolve against the
// notebook's address, and nothing may be saved from there; both are taken care of here.

/** Whether the page stands in the attribute of a frame. */
export function framed(): boolean {
  return location.protocol === "about:";
}

/** Follow links to places of the page by setting the fragment alone. */
export function keepLinksInside(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.hash = link.getAttribute("href")!;
  });
}

// Three shares that sum to one, as a place in a triangle: own at the top, another voice on the left, no one on the right.

export type Place = readonly [x: number, y: number];
export type Three = readonly [own: number, other: number, nobody: number];

/** Height of a triangle whose sides are 1. */
export const HEIGHT = Math.sqrt(3) / 2;

/** Where three shares lie in the triangle (0, HEIGHT), (1, HEIGHT), (½, 0); y runs down. What does not sum to one is scaled. */
export function placed([own, other, nobody]: Three): Place {
  const sum = own + other + nobody || 1;
  return [(nobody + own / 2) / sum, HEIGHT * (1 - own / sum)];
}

/** The shares of a place, the inverse of `placed`. */
export function sharesAt([x, y]: Place): Three {
  const own = 1 - y / HEIGHT;
  const nobody = x - own / 2;
  return [own, 1 - own - nobody, nobody];
}

/** The corners of the part of the triangle in which each share lies within its ends; empty where there is none. */
export function within(low: Three, high: Three): Three[] {
  let corners: Three[] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  for (const k of [0, 1, 2] as const) {
    corners = clipped(corners, (shares) => shares[k] - low[k]);
    corners = clipped(corners, (shares) => high[k] - shares[k]);
  }
  return corners;
}

/** The part of a convex polygon where `inside` is not negative (Sutherland and Hodgman 1974). */
function clipped(corners: readonly Three[], inside: (shares: Three) => number): Three[] {
  const kept: Three[] = [];
  corners.forEach((to, k) => {
    const from = corners[(k + corners.length - 1) % corners.length]!;
    const [a, b] = [inside(from), inside(to)];
    if (a >= 0 !== b >= 0) kept.push(mixed(from, to, a / (a - b)));
    if (b >= 0) kept.push(to);
  });
  return kept;
}

function mixed(a: Three, b: Three, t: number): Three {
  return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])];
}

// Who speaks, token by token: the posterior over voices as bands that fill a strip, and the colour of each voice.
import { sharpened } from "./draw.ts";
import type { Reply } from "./face-data.ts";
import type { Plot } from "./figure.ts";
import { figure, percent, tokenLabel, visible } from "./text.ts";
import { type Ink, ink } from "./theme.ts";

const NAMED = 6;
const HIGH = 168;
const MARGIN = { left: 42, right: 6, top: 8, bottom: 22 };

/** The own voice, one of the eight hues, or everybody who is not named. */
export type Tone = "own" | "rest" | number;

export interface Band {
  name: string;
  tone: Tone;
  /** Posterior after each token. */
  values: Float64Array;
}

/** The bands from the bottom to the top: the own voice, the others that get furthest, and the rest; they sum to one. */
export function bandsOf(reply: Reply, voices: readonly string[], own: string): Band[] {
  const { who, posterior, tokens } = reply;
  if (!posterior.length) return [];
  const self = Math.max(0, voices.indexOf(own));
  const values = (k: number) => Float64Array.from(tokens, (_, t) => posterior[t * who.length + k]!);
  const others = who.map((voice, k) => ({ voice, values: values(k) })).filter(({ voice }) => voice !== self);
  others.sort((a, b) => Math.max(...b.values) - Math.max(...a.values) || a.voice - b.voice);
  const named = others.slice(0, NAMED);
  const tones = tonesOf(named.map(({ voice }) => voice));
  const at = who.indexOf(self);
  const bands: Band[] = [{ name: voices[self] ?? own, tone: "own", values: at < 0 ? new Float64Array(tokens.length) : values(at) }];
  named.forEach(({ voice, values }, k) => bands.push({ name: voices[voice] ?? `voice ${voice}`, tone: tones[k]!, values }));
  const rest = Float64Array.from(tokens, (_, t) => Math.max(0, 1 - bands.reduce((sum, band) => sum + band.values[t]!, 0)));
  return Math.max(0, ...rest) > 0.005 ? [...bands, { name: "all others", tone: "rest", values: rest }] : bands;
}

/** A hue for each voice: its own one, the same in every reply, unless a voice before it has taken that. */
export function tonesOf(voices: readonly number[]): number[] {
  const taken = new Set<number>();
  return voices.map((voice) => {
    let tone = 1 + (voice % 7);
    while (taken.has(tone) && taken.size < 7) tone = 1 + (tone % 7);
    taken.add(tone);
    return tone;
  });
}

/** The band that leads after a token. */
export function leader(bands: readonly Band[], t: number): number {
  let found = 0;
  bands.forEach((band, k) => band.values[t]! > bands[found]!.values[t]! && (found = k));
  return found;
}

export function toneOf(tone: Tone, colours: Ink): string {
  return tone === "own" ? colours.positive : tone === "rest" ? colours.nobody : colours.hues[tone]!;
}

/** The strip; `point` is told which token is under the pointer. */
export function voicePlot(reply: Reply, bands: readonly Band[], name: string, point: (token: number | null) => void): Plot {
  const last = reply.tokens.length - 1;
  const under = (x: number, width: number) => {
    const t = Math.floor(((x - MARGIN.left) / Math.max(1, width - MARGIN.left - MARGIN.right)) * reply.tokens.length);
    return t >= 0 && t <= last ? t : null;
  };
  const end = bands[leader(bands, last)]!;
  const lost = reply.outcome === "nobody" ? " But no voice makes this reply as likely as clean replies are, so it counts as no one's." : "";
  return {
    title: "Voice over time",
    says: `The posterior over voices after each token. At the end ${visible(end.name, 40)} leads with ${percent(end.values[last])}.${lost}`,
    keys: bands.map((band) => [`tone-${band.tone}`, visible(band.name, 30)] as const),
    sheet: {
      name: `voices-${visible(name, 80)}`,
      columns: ["place", "token", ...bands.map((band) => visible(band.name, 80))],
      rows: () => reply.tokens.map((token, t) => [t, token, ...bands.map((band) => band.values[t]!)]),
    },
    draw: (canvas, width) => draw(canvas, width, bands, reply.tokens.length),
    over: ({ x, y }, width) => {
      const t = y < 0 ? null : under(x, width);
      point(t);
      return t === null ? "" : tokenSaid(reply, bands, t);
    },
  };
}

export function tokenSaid(reply: Reply, bands: readonly Band[], t: number): string {
  const order = [...bands].sort((a, b) => b.values[t]! - a.values[t]!).slice(0, 3);
  return `token ${t}, \u201c${tokenLabel(reply.tokens[t]!)}\u201d: ${order.map((band) => `${visible(band.name, 24)} ${figure(band.values[t]!)}`).join(", ")}`;
}

function draw(canvas: HTMLCanvasElement, width: number, bands: readonly Band[], tokens: number): void {
  const context = sharpened(canvas, width, HIGH);
  if (!context) return;
  const colours = ink();
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, HIGH - MARGIN.bottom];
  const step = (right - left) / tokens;
  const y = (part: number) => bottom - part * (bottom - top);
  const base = new Float64Array(tokens);
  for (const band of bands) {
    const upper = base.map((value, t) => value + band.values[t]!);
    context.fillStyle = toneOf(band.tone, colours);
    context.beginPath();
    for (let t = 0; t < tokens; t++) {
      context.lineTo(left + t * step, y(upper[t]!));
      context.lineTo(left + (t + 1) * step, y(upper[t]!));
    }
    for (let t = tokens - 1; t >= 0; t--) {
      context.lineTo(left + (t + 1) * step, y(base[t]!));
      context.lineTo(left + t * step, y(base[t]!));
    }
    context.closePath();
    context.globalAlpha = 0.88;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = colours.paper;
    context.lineWidth = 1;
    context.stroke();
    name(context, colours, band, base, { left, step, y });
    base.set(upper);
  }
  axes(context, colours, { left, right, bottom, step }, y, tokens);
}

/** The voice's name inside its band, where the band is high enough for it. */
function name(context: CanvasRenderingContext2D, colours: Ink, band: Band, base: Float64Array, { left, step, y }: { left: number; step: number; y(part: number): number }): void {
  let best = 0;
  band.values.forEach((value, t) => value > band.values[best]! && (best = t));
  const text = visible(band.name, 24);
  context.font = `600 11px ${getComputedStyle(document.body).fontFamily}`;
  const wide = context.measureText(text).width;
  const around = Math.ceil((wide / 2 + 5) / step);
  const [from, to] = [best - around, best + around];
  if (from < 0 || to >= band.values.length) {
    best = Math.max(around, Math.min(band.values.length - 1 - around, best));
    if (best - around < 0 || best + around >= band.values.length) return;
  }
  let [floor, ceiling] = [0, 1];
  for (let t = best - around; t <= best + around; t++) [floor, ceiling] = [Math.max(floor, base[t]!), Math.min(ceiling, base[t]! + band.values[t]!)];
  if (y(floor) - y(ceiling) < 16) return;
  context.fillStyle = colours.card;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, left + (best + 0.5) * step, (y(floor) + y(ceiling)) / 2);
}

function axes(context: CanvasRenderingContext2D, colours: Ink, { left, right, bottom, step }: { left: number; right: number; bottom: number; step: number }, y: (part: number) => number, tokens: number): void {
  context.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = context.strokeStyle = colours.soft;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const part of [0, 0.5, 1]) context.fillText(`${100 * part}${part === 1 ? " %" : ""}`, left - 5, y(part) + (part === 1 ? 4 : 0));
  context.textBaseline = "top";
  context.textAlign = "center";
  const every = Math.max(1, Math.ceil(34 / step / 5) * 5);
  for (let t = 0; t < tokens; t += every) context.fillText(String(t), left + (t + 0.5) * step, bottom + 6);
  context.beginPath();
  context.moveTo(left, bottom + 0.5);
  context.lineTo(right, bottom + 0.5);
  context.stroke();
}

// The address of an angle, and of one reply to it: #face/leet%3A0.3%7Cjson and #face/leet%3A0.3%7Cjson/everyday-07

export interface FaceView {
  angle: string;
  /** The item whose reply is shown, or null for none in particular. */
  item: string | null;
}

/** Everything but letters, digits and _ . - ~ is escaped, as `urllib.parse.quote(text, safe="")` does it. */
export function quoted(text: string): string | null {
  try {
    return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    return null; // a lone surrogate cannot be escaped
  }
}

/** Null where a name is empty or cannot be escaped. */
export function faceHash({ angle, item }: FaceView): string | null {
  const parts = [angle, ...(item === null ? [] : [item])].map(quoted);
  return parts.every(Boolean) ? `#face/${parts.join("/")}` : null;
}

const NAME = "((?:[A-Za-z0-9_.~-]|%[0-9A-F]{2}){1,4000})";
const ADDRESS = new RegExp(`^#face/${NAME}(?:/${NAME})?$`);

/** The view that an address names, or null when it is not written exactly so; whether the angle exists is not asked. */
export function parseFaceHash(hash: string): FaceView | null {
  const found = ADDRESS.exec(hash);
  if (!found) return null;
  try {
    const view = { angle: decodeURIComponent(found[1]!), item: found[2] === undefined ? null : decodeURIComponent(found[2]) };
    return faceHash(view) === hash ? view : null;
  } catch {
    return null; // no UTF-8
  }
}

/**
 * Letters of other scripts that pass for a Latin one, written by hand after the shapes (compare Unicode
 * UTS #39): only the ones that look the same in common fonts, lower case after folding.
 */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аαɑ',
  b: 'ьЬƅ',
  c: 'сϲⅽ',
  d: 'ԁժ',
  e: 'еҽє',
  f: 'ϝք',
  g: 'ɡցԍ',
  h: 'һհ',
  i: 'іιɩӏ',
  j: 'јϳ',
  k: 'кκ',
  l: 'ӏⅼ',
  m: 'мⅿ',
  n: 'ոո',
  o: 'оοօσ',
  p: 'рρ',
  q: 'ԛզ',
  r: 'гꮁ',
  s: 'ѕꜱ',
  t: 'тτ',
  u: 'υսц',
  v: 'νѵ',
  w: 'ԝωա',
  x: 'хχ',
  y: 'уγү',
  z: 'ᴢ',
};

/** Latin letters in unusual dress that compatibility normalisation leaves alone. */
const DRESSED: Readonly<Record<string, string>> = {
  a: 'ᴀɐ',
  ae: 'æ',
  b: 'ʙ',
  c: 'ᴄɔ',
  d: 'ᴅđ',
  e: 'ᴇǝ',
  f: 'ꜰɟ',
  g: 'ɢƃ',
  h: 'ʜɥħ',
  i: 'ɪıᴉ',
  j: 'ᴊɾ',
  k: 'ᴋʞ',
  l: 'ʟł',
  m: 'ᴍɯ',
  n: 'ɴ',
  o: 'ᴏø',
  oe: 'œ',
  p: 'ᴘ',
  q: 'ꞯ',
  r: 'ʀɹ',
  s: 'ꜱ',
  ss: 'ß',
  t: 'ᴛʇ',
  u: 'ᴜ',
  v: 'ᴠʌ',
  w: 'ᴡʍ',
  y: 'ʏʎ',
  z: 'ᴢ',
};

function invert(table: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(table).flatMap(([latin, others]) => [...others].map((other) => [other, latin] as const)),
  );
}

/** A look-alike of another script (folded to lower case) → the Latin letter. */
export const CONFUSABLE: ReadonlyMap<string, string> = invert(LOOKALIKES);

/** A Latin letter in unusual dress (small capitals, turned, stroked) → the plain letters. */
export const UNUSUAL_LATIN: ReadonlyMap<string, string> = invert(DRESSED);

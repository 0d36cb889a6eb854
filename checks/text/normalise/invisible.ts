/**
 * Code points that leave no mark on the page. Sources: Unicode 16 DerivedCoreProperties
 * (Default_Ignorable_Code_Point), plus the interlinear annotation and blank-looking letters.
 */
export function isInvisible(code: number): boolean {
  if (code < 0xad) return false;
  if (code === 0xad || code === 0x34f || code === 0x61c) return true;
  if (code < 0x115f) return false;
  if (code <= 0x1160 || code === 0x17b4 || code === 0x17b5) return code <= 0x1160 || code >= 0x17b4;
  if (code >= 0x180b && code <= 0x180f) return true;
  if (code < 0x200b) return false;
  if (code <= 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f)) return true;
  if (code === 0x3164 || code === 0xfeff || code === 0xffa0) return true;
  if (isVariationSelector(code)) return true;
  if (code >= 0xfff9 && code <= 0xfffb) return true;
  if (code >= 0x1bca0 && code <= 0x1bca3) return true;
  if (code >= 0x1d173 && code <= 0x1d17a) return true;
  return code >= 0xe0000 && code <= 0xe0fff;
}

export function isVariationSelector(code: number): boolean {
  return (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef);
}

/** Tag characters mirror ASCII at U+E0000 and show nothing. */
export function isTag(code: number): boolean {
  return code >= 0xe0001 && code <= 0xe007f;
}

/** The ASCII character that a tag character mirrors; '' for the control tags. */
export function tagToAscii(code: number): string {
  const ascii = code - 0xe0000;
  return ascii >= 0x20 && ascii < 0x7f ? String.fromCharCode(ascii) : '';
}

/** The byte that a variation selector can smuggle: VS1–16 stand for 0–15, VS17–256 for 16–255. */
export function variationToByte(code: number): number {
  return code <= 0xfe0f ? code - 0xfe00 : code - 0xe0100 + 16;
}

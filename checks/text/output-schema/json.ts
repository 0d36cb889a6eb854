/** How deep brackets and braces nest outside strings. Looks at characters only, so it takes any text. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 34) inString = !inString;
    else if (inString) {
      if (code === 92) index += 1;
    } else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return deepest;
}

/** The text that should be JSON: all of it, or what stands in the one code fence that makes up the text. */
export function jsonPart(text: string, allowCodeFence: boolean): string {
  const trimmed = text.trim();
  if (!allowCodeFence || !trimmed.startsWith('```') || !trimmed.endsWith('```')) return trimmed;
  const firstLineEnd = trimmed.indexOf('\n');
  if (firstLineEnd < 0 || firstLineEnd > 40) return trimmed;
  return trimmed.slice(firstLineEnd + 1, -3);
}

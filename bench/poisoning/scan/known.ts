import { readFileSync } from 'node:fs';
import type { Texts } from './texts.ts';

function rowsOf(path: string): { readonly text: string; readonly label: number }[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [text = '', label = ''] = line.split('\t');
      return { text: text.trim(), label: Number(label) };
    });
}

/** Texts of a file of two columns; with `clean`, a row is bad that does not stand in there with its label. */
export function knownTexts(path: string, clean: string = path): Texts {
  const given = rowsOf(path);
  const before = new Set(rowsOf(clean).map(({ text, label }) => `${label} ${text}`));
  return {
    texts: given.map(({ text }) => text),
    labels: given.map(({ label }) => label),
    bad: Uint8Array.from(given, ({ text, label }) => Number(!before.has(`${label} ${text}`))),
  };
}

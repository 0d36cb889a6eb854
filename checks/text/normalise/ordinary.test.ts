import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readText } from './index.ts';

const CORPUS = new URL('../../../training/injection/corpus/', import.meta.url);
const SETS = [
  'w1-persuasion',
  'w5-triggers',
  'w6-thirdparty',
  'w8-languages',
  'w9-long',
  'w10-plain',
  'w11-hosts',
];
/** SHA-256 of an ordinary text → of its views when the shipped model was trained, 12 hexadecimal digits of each. */
const known = JSON.parse(readFileSync(new URL('fixture/views.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

it('ordinary texts read as they did when the model was trained', () => {
  let compared = 0;
  for (const set of SETS) {
    for (const line of readFileSync(new URL(`${set}.jsonl`, CORPUS), 'utf8')
      .trimEnd()
      .split('\n')) {
      const { text } = JSON.parse(line) as { text: string };
      const before = known[digest(text)];
      if (before === undefined) continue;
      const { views, unread } = readText(text);
      expect(digest(JSON.stringify(views.map((view) => [view.text, view.how]))), text.slice(0, 80)).toBe(
        before,
      );
      expect(unread).toEqual([]);
      compared += 1;
    }
  }
  // Rows of the corpus may be mended; when most were, the fixture says nothing any more.
  expect(compared).toBeGreaterThan(300);
});

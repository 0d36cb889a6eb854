import { memoised } from '../../define.ts';
import { fold } from '../normalise/fold.ts';
import { rot13 } from '../normalise/respell.ts';

/** A canary reduced to its letters and digits, in every form that an answer may give it. */
export interface Needle {
  readonly form: 'plain' | 'reversed' | 'rot13' | 'hex' | 'base64';
  readonly text: string;
}

/** A canary shorter than this many letters and digits would be found by chance. */
export const MIN_CANARY = 6;

/** Folded letters and digits of a text, with where each stood. */
export interface Squeezed {
  readonly text: string;
  /** Offset of each character in the folded text. */
  readonly at: readonly number[];
}

export function squeeze(folded: string): Squeezed {
  const at: number[] = [];
  let text = '';
  for (const match of folded.matchAll(/[\p{L}\p{N}]{1,4096}/gu)) {
    text += match[0];
    for (let i = 0; i < match[0].length; i += 1) at.push(match.index + i);
  }
  return { text, at };
}

/** The inner characters of the base64 form at each of the three alignments, which no neighbour changes. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  return [0, 1, 2].map((lead) => {
    const encoded = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const drop = lead === 0 ? 0 : lead + 1;
    const whole = Math.floor(((lead + bytes.length) * 8) / 6);
    return encoded.slice(drop, whole);
  });
}

function buildNeedles(canaries: readonly string[]): Needle[] {
  const needles: Needle[] = [];
  for (const canary of canaries) {
    const plain = squeeze(fold(canary).text).text;
    if (plain.length < MIN_CANARY) continue;
    needles.push(
      { form: 'plain', text: plain },
      { form: 'reversed', text: [...plain].toReversed().join('') },
    );
    if (/[a-z]{4}/.test(plain)) needles.push({ form: 'rot13', text: rot13(plain) });
    needles.push({ form: 'hex', text: Buffer.from(canary, 'utf8').toString('hex') });
    for (const form of base64Forms(canary)) {
      const text = squeeze(form.toLowerCase()).text;
      if (text.length >= MIN_CANARY + 2) needles.push({ form: 'base64', text });
    }
  }
  return needles;
}

export const needlesOf: (canaries: readonly string[]) => readonly Needle[] = memoised(buildNeedles);

/** Length of the longest end of `text` that begins one of the needles (shorter than the whole needle). */
export function unfinishedNeedle(text: string, needles: readonly Needle[]): number {
  let longest = 0;
  for (const needle of needles) {
    for (let length = Math.min(needle.text.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(needle.text.slice(0, length))) longest = length;
    }
  }
  return longest;
}

import { z } from 'zod';
import { resultOf } from '../../define.ts';
import type { TextFinding } from '../types.ts';
import { defineTextCheck } from '../types.ts';
import { hasRightToLeft, UNUSUAL } from './families.ts';
import { findMixedWords } from './mixed.ts';
import { unicodeSamples } from './samples.ts';
import type { Stretch } from './scan.ts';
import { findPiles, findStretches } from './scan.ts';

const Config = z.object({
  tags: z.boolean().default(true).describe('Tag characters, which can spell a whole hidden message'),
  zeroWidth: z.boolean().default(true).describe('Zero-width characters inside words or in rows'),
  variationSelectors: z
    .boolean()
    .default(true)
    .describe('Rows of variation selectors, which can carry bytes'),
  bidi: z
    .boolean()
    .default(true)
    .describe('Direction overrides that make a text read differently than it runs'),
  homoglyphs: z.boolean().default(true).describe('Words that mix scripts with letters that look alike'),
  combining: z.boolean().default(true).describe('Letters under piles of combining marks'),
  privateUse: z.boolean().default(true).describe('Private-use characters, which mean nothing to others'),
  controls: z.boolean().default(true).describe('Control characters such as terminal escapes'),
});
type Config = z.infer<typeof Config>;

/** A hidden message is shown to the person who judges it, cut to this many characters. */
const MAX_SHOWN = 120;
const MAX_FINDINGS = 500;
/** How far back a word or an unfinished direction run is followed while streaming. */
const HOLD_LIMIT = 512;

/** Escape, its C1 form, and backspace. */
const MOVES_CURSOR = ['\u001b', '\u009b', '\b'] as const;

type Judged = Omit<TextFinding, 'segment' | 'start' | 'end'>;

function judge(stretch: Stretch, text: string, config: Config): Judged | null {
  const removed = { replacement: '' };
  switch (stretch.family) {
    case 'tags': {
      if (!config.tags) return null;
      const says = stretch.says.slice(0, MAX_SHOWN);
      const message =
        says === '' ? 'Invisible tag characters.' : `Invisible tag characters that spell: "${says}"`;
      return { kind: 'tag-characters', score: stretch.count >= 4 ? 0.98 : 0.8, message, ...removed };
    }
    case 'selectors':
      if (!config.variationSelectors) return null;
      return {
        kind: 'variation-selectors',
        score: stretch.count >= 4 ? 0.95 : 0.6,
        message: `${stretch.count} variation selector(s) where no character needs them; they can carry hidden bytes.`,
        ...removed,
      };
    case 'zeroWidth': {
      if (!config.zeroWidth) return null;
      const score = stretch.count >= 4 ? 0.95 : stretch.inWord || stretch.count > 1 ? 0.75 : 0.3;
      return {
        kind: 'zero-width',
        score,
        message: `${stretch.count} invisible character(s) of no width.`,
        ...removed,
      };
    }
    case 'bidi':
      return config.bidi ? judgeBidi(stretch, text) : null;
    case 'privateUse':
      if (!config.privateUse) return null;
      return {
        kind: 'private-use',
        score: stretch.count >= 4 ? 0.7 : 0.35,
        message: `${stretch.count} private-use character(s) without a public meaning.`,
        ...removed,
      };
    case 'controls':
      if (!config.controls) return null;
      return {
        kind: 'control-characters',
        score: MOVES_CURSOR.some((char) => text.slice(stretch.start, stretch.end).includes(char))
          ? 0.7
          : 0.55,
        message: 'Control characters that can change what a terminal or log shows.',
        ...removed,
      };
  }
}

function judgeBidi(stretch: Stretch, text: string): Judged | null {
  const code = text.charCodeAt(stretch.start);
  const override = code === 0x202d || code === 0x202e;
  const line = lineAround(text, stretch.start);
  if (!override && hasRightToLeft(line)) return null;
  return {
    kind: 'bidi-control',
    score: override ? 0.95 : 0.6,
    message: override
      ? 'A direction override: the text shown is not the text that a model or compiler reads.'
      : 'A direction control in a text that has no right-to-left letters.',
    replacement: '',
  };
}

function lineAround(text: string, at: number): string {
  const from = Math.max(text.lastIndexOf('\n', at) + 1, at - HOLD_LIMIT);
  const end = text.indexOf('\n', at);
  return text.slice(from, Math.min(end < 0 ? text.length : end, at + HOLD_LIMIT));
}

function findingsIn(text: string, config: Config): Omit<TextFinding, 'segment'>[] {
  const found: Omit<TextFinding, 'segment'>[] = [];
  for (const stretch of findStretches(text)) {
    const judged = judge(stretch, text, config);
    if (judged !== null) found.push({ start: stretch.start, end: stretch.end, ...judged });
    if (found.length >= MAX_FINDINGS) break;
  }
  if (config.homoglyphs) {
    for (const { start, end, looksLike } of findMixedWords(text).slice(0, MAX_FINDINGS)) {
      const message = 'A word that mixes scripts: some of its letters only look Latin.';
      found.push({ start, end, kind: 'homoglyphs', score: 0.8, message, replacement: looksLike });
    }
  }
  if (config.combining) {
    for (const { start, end } of findPiles(text).slice(0, MAX_FINDINGS)) {
      const message = 'Combining marks piled on one letter.';
      found.push({ start, end, kind: 'combining-marks', score: 0.75, message, replacement: '' });
    }
  }
  return found;
}

/** Start of the last word or line part that more text could still turn into a finding. */
function holdFrom(text: string): number {
  const floor = Math.max(0, text.length - HOLD_LIMIT);
  let at = text.length;
  while (at > floor && !/[\t\n\r -/:-@]/.test(text.charAt(at - 1))) at -= 1;
  const held = text.slice(at);
  if (!UNUSUAL.test(held) && /^[\x21-\x7e]*$/.test(held)) {
    // A plain word can still gain a look-alike letter or an invisible character.
    return at;
  }
  const line = Math.max(text.lastIndexOf('\n') + 1, floor);
  const opener = text.slice(line).search(/[\u202a-\u202e\u2066-\u2069]/);
  return opener < 0 ? at : Math.min(at, line + opener);
}

/**
 * Finds characters that a reader cannot see or takes for others. Emoji sequences, right-to-left text, and the
 * joiners that Persian and Indic spelling needs are left alone.
 */
export const unicodeCheck = defineTextCheck({
  id: 'text/unicode',
  title: 'Invisible and deceptive Unicode',
  description:
    'Finds zero-width and tag characters, variation-selector payloads, direction overrides, look-alike letters, ' +
    'piled marks, private-use and control characters. Redacting removes them or restores the plain letters.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM01', name: 'Prompt Injection' },
    { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.018', name: 'Prompt Injection' },
  ],
  config: Config,
  samples: unicodeSamples,
  actions: ['allow', 'flag', 'redact', 'block'],
  directions: ['input', 'output'],
  defaults: {
    directions: ['input'],
    authors: ['user', 'third_party'],
    action: 'redact',
    threshold: 0.5,
    coaching:
      'Your text holds characters that cannot be seen or that imitate others. Paste it as plain text, or type the marked words again.',
  },
  streaming: { mode: 'hold', holdFrom },
  redaction: { reversible: false, replacement: '' },
  run: ({ segments }, config) => {
    const findings: TextFinding[] = [];
    for (const segment of segments) {
      if (!UNUSUAL.test(segment.text)) continue;
      for (const found of findingsIn(segment.text, config))
        findings.push({ segment: segment.index, ...found });
    }
    return resultOf(findings);
  },
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextFinding } from '../types.ts';
import { textInput } from '../types.ts';
import { unicodeCheck } from './index.ts';

const DEFAULTS = unicodeCheck.config.parse({});

function find(text: string, config: Record<string, unknown> = {}): readonly TextFinding[] {
  const result = unicodeCheck.run(textInput(text), unicodeCheck.config.parse(config));
  if (result instanceof Promise) throw new Error('answers at once');
  return result.outcome === 'findings' ? result.findings : [];
}

function clean(text: string): string {
  let out = text;
  for (const { start, end, replacement } of [...find(text)].sort((a, b) => b.start - a.start)) {
    out = out.slice(0, start) + (replacement ?? '') + out.slice(end);
  }
  return out;
}

const asTags = (text: string): string =>
  Array.from(text, (char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join('');

describe('what cannot be seen', () => {
  it('tells what tag characters say, and where they are', () => {
    const text = `Hello${asTags('open the vault')} there`;
    const [found] = find(text);
    expect(found).toMatchObject({ kind: 'tag-characters', start: 5, end: 5 + 28, replacement: '' });
    expect(found?.message).toContain('open the vault');
  });

  it('is removed by redaction, and look-alikes become plain', () => {
    expect(clean(`Pl\u200bease log in at pаypаl${asTags('psst')} n\u202eow`)).toBe(
      'Please log in at paypal now',
    );
  });

  it('can be switched off family by family', () => {
    const text = `a\u200bb ${asTags('hidden text')} pаypal x\u202ey q\ue000\ue001\ue002\ue003 e\u0301\u0302\u0303\u0304 \u001b[2J z\ufe0f\ufe0e\ufe0f\ufe0e`;
    const off = {
      tags: false,
      zeroWidth: false,
      variationSelectors: false,
      bidi: false,
      homoglyphs: false,
      combining: false,
      privateUse: false,
      controls: false,
    };
    expect(new Set(find(text).map(({ kind }) => kind)).size).toBe(8);
    expect(find(text, off)).toEqual([]);
  });
});

describe('what writing needs', () => {
  it.each([
    ['emoji with skin tone and gender', '👩🏽‍🚒 👨‍❤️‍💋‍👨 🏳️‍🌈 1️⃣ ☎️'],
    ['flags of regions', '🏴󠁧󠁢󠁷󠁬󠁳󠁿🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['Persian', 'نمی‌دانم کجا می‌روند'],
    ['Sinhala', 'ශ්‍රී ලංකාව'],
    ['Malayalam', 'അവന്‍റെ'],
    ['Thai with break marks', 'ภาษา\u200bไทย'],
    ['Arabic with isolates', 'السعر \u2067١٢٠\u2069 يورو'],
    ['Mongolian', 'ᠮᠣᠩᠭᠣᠯ\u180eᠠ'],
    ['ideograph with variant', '葛\u{e0100}飾区'],
    ['byte-order mark', '\ufeffid;name'],
    ['Hebrew points', 'שָׁלוֹם עֲלֵיכֶם'],
    ['Ukrainian', 'Їжак п’є молоко'],
    ['Serbian in both scripts', 'Beograd Београд'],
    ['chemistry', 'α-Tocopherol, IFNγ, 5 μg'],
    ['decomposed accents', 'Cafe\u0301 de\u0301ja\u0300 vu'],
  ])('%s', (_, text) => {
    expect(find(text).filter(({ score }) => score >= 0.5)).toEqual([]);
  });

  it('leaves every text of plain letters alone', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[\x20-\x7e\n\täöüßéèñçøåšžłőığа-яА-ЯґєіїąęćźżâîțșΑ-Ωα-ω]{0,200}$/u),
        (text) => {
          const spaced = text.replace(/[Α-Ωα-ωа-яА-Яґєії]+/g, ' $& ');
          expect(find(spaced).filter(({ score }) => score >= 0.5)).toEqual([]);
        },
      ),
    );
  });
});

describe('streaming', () => {
  const { streaming } = unicodeCheck;
  if (streaming.mode !== 'hold') throw new Error('holds');
  it('never lets go of half a finding', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(
          'a',
          ' ',
          '\u200b',
          asTags('hid den'),
          'pаypal',
          'e\u0301\u0302\u0303\u0304\u0305',
          '\ue000\ue000\ue000\ue000',
          '\n',
        ),
        fc.string({ maxLength: 6 }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pieces, fc.double({ min: 0, max: 1, noNaN: true }), (parts, share) => {
        const text = parts.join('');
        const cut = Math.floor(text.length * share);
        const held = streaming.holdFrom(text.slice(0, cut), DEFAULTS, textInput('').context);
        for (const { start, end, score } of find(text)) {
          if (score >= 0.5 && start < cut && end > cut) expect(held).toBeLessThanOrEqual(start);
        }
      }),
      { numRuns: 400 },
    );
  });
});

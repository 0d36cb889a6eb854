import { cpuMs } from '@bartizan/contracts/testing.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leakOf } from '../secrets/leak-simulation.ts';
import type { TextFinding } from '../types.ts';
import { EMPTY_CONTEXT, textInput } from '../types.ts';
import { personalDataCheck } from './index.ts';
import { ID_RULES } from './national-ids.ts';
import { DETECTOR_SAMPLES } from './samples.ts';

function find(text: string, overrides: Record<string, unknown> = {}): readonly TextFinding[] {
  const result = personalDataCheck.run(textInput(text), personalDataCheck.config.parse(overrides));
  if (result instanceof Promise) throw new TypeError('expected an answer at once');
  return result.outcome === 'findings' ? result.findings : [];
}
const spans = (text: string, overrides: Record<string, unknown> = {}): string[] =>
  find(text, overrides).map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);

describe('official numbers', () => {
  it.each(ID_RULES.map((rule) => [rule.id, rule] as const))(
    '%s finds its true samples and leaves its false ones',
    (id, rule) => {
      expect(rule.yes.length).toBeGreaterThan(0);
      expect(rule.no.length).toBeGreaterThan(0);
      const overrides = { countries: [rule.country], names: false };
      for (const sample of rule.yes) {
        const found = find(`Here: ${sample} ok`, overrides).filter(({ kind }) => kind === id);
        expect(found, sample).toHaveLength(1);
        expect(found[0]?.message).not.toMatch(/\d/);
      }
      for (const sample of rule.no)
        expect(
          find(`Here: ${sample} ok`, overrides).map(({ kind }) => kind),
          sample,
        ).not.toContain(id);
    },
  );

  it('need a word that names them when they are bare digits', () => {
    expect(spans('We shipped 86095742719 parts.')).toEqual([]);
    expect(spans('Steueridentifikationsnummer 86095742719')).toEqual(['tax-id-de: 86095742719']);
    expect(spans('We shipped 44051401359 parts.', { minimumCertainty: 0.4 })).toEqual([
      'national-id-pl: 44051401359',
    ]);
  });

  it('count only for the countries asked for', () => {
    expect(spans('DNI 12345678Z', { countries: ['DE'] })).toEqual([]);
    expect(spans('DNI 12345678Z', { countries: ['ES'] })).toEqual(['national-id-es: 12345678Z']);
  });
});

describe('the other detectors', () => {
  it.each(DETECTOR_SAMPLES.map((sample) => [sample.kind, sample] as const))(
    '%s finds its true samples and leaves its false ones',
    (kind, sample) => {
      for (const [text, value] of sample.yes)
        expect(spans(text, { networkAddresses: true }), text).toContain(`${kind}: ${value}`);
      for (const text of sample.no) {
        expect(
          find(text, { networkAddresses: true }).map((finding) => finding.kind),
          text,
        ).not.toContain(kind);
      }
    },
  );
});

describe('the carried samples', () => {
  it.each(personalDataCheck.samples.map((sample) => [sample.title, sample] as const))(
    '%s',
    (_title, sample) => {
      const result = personalDataCheck.run(sample.input, personalDataCheck.config.parse(sample.config ?? {}));
      expect(result).toHaveProperty('outcome', sample.found ? 'findings' : 'pass');
    },
  );
});

describe('configuration', () => {
  it('turns groups off', () => {
    const text = 'Mail a.b@mail.example.org, call +44 20 7946 0958, card 4111 1111 1111 1111.';
    expect(spans(text, { emails: false, phones: false })).toEqual(['card-number: 4111 1111 1111 1111']);
    expect(spans('Host 10.1.2.3')).toEqual([]);
  });
  it('lets allowed values and domains pass', () => {
    expect(spans('Call +44 20 7946 0958', { allowedValues: ['+44 (20) 79460958'] })).toEqual([]);
    expect(spans('a@mail.acme.example', { allowedDomains: ['acme.example'] })).toEqual([]);
    expect(spans('a@notacme.example', { allowedDomains: ['acme.example'] })).toEqual([
      'email: a@notacme.example',
    ]);
  });
});

const config = personalDataCheck.config.parse({ networkAddresses: true, minimumCertainty: 0.1 });
const hold = (text: string): number => {
  if (personalDataCheck.streaming.mode !== 'hold') throw new TypeError('expected hold');
  return personalDataCheck.streaming.holdFrom(text, config, { ...EMPTY_CONTEXT, partial: true });
};
const PLANTED = [
  ...ID_RULES.flatMap(({ yes }) => yes),
  ...DETECTOR_SAMPLES.flatMap(({ yes }) => yes.map(([text]) => text)),
];

describe('streaming', () => {
  it('leaks nothing of any sample at any cut', () => {
    for (const planted of PLANTED) {
      expect(leakOf(personalDataCheck, config, `Well, ${planted} and then 5 more.`), planted).toBeNull();
      expect(leakOf(personalDataCheck, config, planted), planted).toBeNull();
    }
  });

  it('leaks nothing of mixtures', () => {
    const piece = fc.oneof(
      fc.constantFrom(...PLANTED),
      fc.constantFrom(
        'phone ',
        'born ',
        'March ',
        'AI ',
        ' 12',
        '3',
        '-',
        ' ',
        '. ',
        ', ',
        '\n',
        '@',
        'name is ',
        'Patient: ',
        'Anna ',
        'of ',
        '(',
        ')',
        '+',
        'Street',
        '年',
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const text = pieces.join('').slice(0, 250);
        expect(leakOf(personalDataCheck, config, text)).toBeNull();
      }),
      { numRuns: 150 },
    );
  });

  it('releases ordinary prose up to its last word', () => {
    const prose =
      'Here is what I would do: take the train in the morning, walk along the river and be back before dark.';
    for (let cut = 1; cut <= prose.length; cut++) {
      const text = prose.slice(0, cut);
      expect(hold(text)).toBe(text.lastIndexOf(' ') + 1);
    }
  });

  it('holds what may become a number, a date, a name or an address', () => {
    expect(hold('Card 4111 1111 ')).toBe(5);
    expect(hold('My name is Maria van ')).toBe(11);
    expect(hold('born 12 March ')).toBe(5);
    expect(hold('at 221B Baker ')).toBe(3);
  });
});

describe('foreign text', () => {
  it('takes time in proportion to the length, however much there is to find', () => {
    for (const unit of ['a@b.co ', '+49 170 1234567 ', '12 Main Street, ']) {
      const began = cpuMs();
      const found = find(unit.repeat(Math.ceil(400_000 / unit.length)));
      expect(found.length).toBeGreaterThan(20_000);
      // Quadratic work took ten times as long.
      expect(cpuMs() - began).toBeLessThan(2_500);
    }
  });

  it('never throws, and every span lies inside the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.stringMatching(/^[0-9A-Z @.+():/-]{0,200}$/),
    );
    fc.assert(
      fc.property(text, (foreign) => {
        let last = 0;
        for (const { start, end, score } of find(foreign, { networkAddresses: true })) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          last = end;
          expect(score).toBeGreaterThan(0);
        }
        expect(last).toBeLessThanOrEqual(foreign.length);
        expect(hold(foreign)).toBeLessThanOrEqual(foreign.length);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    '1',
    '1 ',
    '12-',
    '😀1',
    '機密1',
    'a@',
    'a@a.',
    '@1',
    '+1 ',
    '(1) ',
    'AA99 ',
    'A1',
    '12 High ',
    'Via A 1',
    'name is A ',
    'Name: ',
    '0:',
    '00-',
    'A',
    ' ',
  ])('judges 10,000 characters of %j in under 50 ms of CPU', (unit) => {
    const text = unit.repeat(10_000).slice(0, 10_000);
    const times = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      find(text, { networkAddresses: true });
      hold(text);
      const used = process.cpuUsage(before);
      return (used.user + used.system) / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });
});

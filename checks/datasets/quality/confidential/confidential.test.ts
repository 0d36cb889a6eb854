import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finish } from '../../neighbours/index.ts';
import { everyday, numberColumn, textColumn } from '../testing/texts.ts';
import { ACCESS_LEVELS } from '../types.ts';
import { mayRead, parseAccessLabel } from './access.ts';
import { checkConfidential } from './check.ts';
import { findMarks } from './marks.ts';

describe('marks', () => {
  it.each([
    ['CONFIDENTIAL\n\nBoard pack', 'confidential'],
    ['INTERNAL ONLY – roadmap', 'internal'],
    ['Vertraulich\n\nProtokoll', 'confidential'],
    ['Protokoll\nStreng vertraulich\nAnwesend: alle', 'restricted'],
    ['Nur für den internen Gebrauch\nPreisliste', 'internal'],
    ['Indicators: TLP:RED', 'restricted'],
    ['TLP:AMBER report', 'internal'],
    ['TLP:AMBER+STRICT report', 'confidential'],
    ['ATTORNEY-CLIENT PRIVILEGED\nDear counsel', 'restricted'],
    ['Confidentiel\n\nCompte rendu', 'confidential'],
    ['【社外秘】\n来年度の計画', 'internal'],
    ['Classification: Confidential\nPlan', 'confidential'],
    ['SECRET//NOFORN\nText', 'restricted'],
    ['OFFICIAL-SENSITIVE\nText', 'confidential'],
  ])('%j is %s', (text, level) => {
    expect(findMarks(text)[0]).toMatchObject({ level });
    expect(findMarks(text)[0]?.score).toBeGreaterThanOrEqual(0.7);
  });

  it.each([
    'We believe that confidentiality matters.',
    'Is it confidential when I talk to a doctor?',
    'The secret of good bread is time.',
    'Our international offices are open; the internal ones are not.',
    'Documents marked “strictly private and confidential” go into the safe.',
    'An official of the council said so.',
  ])('%j has none', (text) => {
    expect(findMarks(text).filter(({ score }) => score >= 0.5)).toEqual([]);
  });
});

describe('documents', () => {
  it('with a mark are named, others are not', () => {
    const texts = everyday(200, 1);
    texts[5] = `CONFIDENTIAL\n\n${texts[5]}`;
    texts[80] = `${texts[80]}\n\nTLP:RED`;
    const outcome = finish(checkConfidential([textColumn('body', texts)]));
    expect(outcome.suspects.map(({ row }) => row)).toEqual([80, 5]);
    expect(outcome.findings.map(({ severity }) => severity).sort()).toEqual(['critical', 'high']);
    expect(outcome.scores.filter((score) => score > 0).length).toBe(2);
  });

  it('are held against their labels', () => {
    const body = [
      'CONFIDENTIAL\n\nPlan',
      'CONFIDENTIAL\n\nPlan',
      'Plan',
      'CONFIDENTIAL\n\nPlan',
      'INTERNAL ONLY\n\nx',
    ];
    const access = ['restricted: board', 'internal', 'public', 'everyone?', 'confidential'];
    const outcome = finish(
      checkConfidential([textColumn('body', body), textColumn('access', access)], { access: 'access' }),
    );
    expect(outcome.suspects.map(({ row }) => row)).toEqual([1]);
    expect(outcome.findings.map(({ title, rows }) => [title, rows])).toEqual([
      ['Documents marked confidential under a wider label', [1]],
      ['Access labels that cannot be read', [3]],
    ]);
  });

  it('need labels that are texts', () => {
    const columns = [textColumn('body', ['x']), numberColumn('access', [1])];
    expect(() => finish(checkConfidential(columns, { access: 'access' }))).toThrow('holds numbers');
    expect(() => finish(checkConfidential(columns, { access: 'label' }))).toThrow('no column “label”');
  });
});

describe('access', () => {
  const level = fc.constantFrom(...ACCESS_LEVELS);
  const groups = fc.uniqueArray(fc.constantFrom('hr', 'legal', 'board'));
  it('grows with clearance and groups, and never opens what has no label', () => {
    fc.assert(
      fc.property(level, level, groups, groups, (needed, clearance, of, mine) => {
        const label = { level: needed, groups: of };
        const may = mayRead(label, { clearance, groups: mine });
        expect(mayRead(null, { clearance: 'restricted', groups: mine })).toBe(false);
        if (may) {
          expect(mayRead(label, { clearance: 'restricted', groups: [...mine, 'other'] })).toBe(true);
          expect(ACCESS_LEVELS.indexOf(clearance)).toBeGreaterThanOrEqual(ACCESS_LEVELS.indexOf(needed));
          expect(of.length === 0 || of.some((group) => mine.includes(group))).toBe(true);
        }
        const text = of.length === 0 ? needed : `${needed}: ${of.join(', ')}`;
        expect(parseAccessLabel(text)).toEqual(label);
      }),
    );
  });
  it.each([null, '', 'internal:', 'internal: hr,', 'constructor', 'publ', `internal: ${'a,'.repeat(5_000)}`])(
    'cannot be read from %j',
    (text) => {
      expect(parseAccessLabel(text)).toBeNull();
    },
  );
});

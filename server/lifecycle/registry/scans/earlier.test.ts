import type { FileVerdict } from '@bartizan/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ContentFinding, type ContentResult, noSeverities, withEarlier } from './model.ts';

const finding = (id: number, rank: number): ContentFinding => ({
  finding: String(id),
  check: 'artifacts/pickle',
  kind: 'executes-on-load',
  severity: (['info', 'low', 'medium', 'high', 'critical'] as const)[rank] ?? 'info',
  rank,
  strikes: rank > 2,
  message: '',
  member: '',
  offset: 0,
  evidence: {},
});

function result(found: readonly (readonly [number, number])[], limited: boolean, hasErrors: boolean) {
  const findings = [...new Map(found).entries()].map(([id, rank]) => finding(id, rank));
  const worst = Math.max(0, ...findings.map(({ rank }) => rank));
  const failed = limited || hasErrors;
  const verdict: FileVerdict =
    worst > 2
      ? 'malicious'
      : worst === 2
        ? 'suspicious'
        : failed
          ? 'error'
          : worst === 1
            ? 'suspicious'
            : 'clean';
  return {
    sha256: '',
    size: 1,
    scanner: '',
    format: '',
    severities: noSeverities(),
    skipped: 0,
    durationMs: 0,
    weights: null,
    delta: null,
    verdict,
    limited,
    findings,
    errors: failed ? [{ check: '', message: '', offset: 0, path: '' }] : [],
  } satisfies ContentResult;
}

const results = fc
  .tuple(fc.array(fc.tuple(fc.nat(5), fc.nat(4)), { maxLength: 6 }), fc.boolean(), fc.boolean())
  .map(([found, limited, errors]) => result(found, limited, errors));
const RISING: readonly FileVerdict[] = ['skipped', 'clean', 'error', 'suspicious', 'malicious'];

test('a whole reading counts alone; any other takes no finding and no verdict back', () => {
  fc.assert(
    fc.property(results, results, (earlier, later) => {
      const kept = withEarlier(later, earlier);
      if (!later.limited && later.errors.length === 0) {
        expect(kept).toBe(later);
        return;
      }
      const counts = kept ?? earlier;
      expect(RISING.indexOf(counts.verdict)).toBeGreaterThanOrEqual(RISING.indexOf(earlier.verdict));
      const ranks = new Map(counts.findings.map((one) => [one.finding, one.rank]));
      for (const one of earlier.findings)
        expect(ranks.get(one.finding) ?? -1).toBeGreaterThanOrEqual(one.rank);
      // What is new and weighs anything is never lost.
      for (const one of later.findings) {
        if (one.rank > 2 && !earlier.findings.some((known) => known.finding === one.finding)) {
          expect(ranks.get(one.finding) ?? -1).toBeGreaterThanOrEqual(one.rank);
        }
      }
    }),
  );
});

test('running out of time changes nothing of a whole reading, and worse findings on the way count', () => {
  expect(withEarlier(result([], true, true), result([[1, 4]], false, false))).toBeNull();
  expect(withEarlier(result([], true, true), result([], false, false))).toBeNull();
  expect(withEarlier(result([[1, 4]], true, true), result([], false, false))).toMatchObject({
    verdict: 'malicious',
    limited: true,
  });
});

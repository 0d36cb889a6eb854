import { describe, expect, it } from 'vitest';
import { scanArtifact } from '../scan.ts';
import { probe } from '../source/bytes.ts';
import { verdictOf } from '../verdict.ts';
import { formatChecks } from './catalogue.ts';

describe.each(formatChecks.map((check) => [check.id, check] as const))('%s', (_, check) => {
  it('carries true and false samples', () => {
    expect(check.samples.some(({ found }) => found)).toBe(true);
    expect(check.samples.some(({ found }) => !found)).toBe(true);
  });

  it.each(check.samples.map((sample) => [sample.title, sample] as const))(
    'judges: %s',
    async (_title, sample) => {
      const seen = await probe(sample.input.source);
      expect(check.recognise(seen)).not.toBe('no');
      const result = await check.run(sample.input, check.config.parse(sample.config ?? {}) as never);
      expect(result.outcome).toBe(sample.found ? 'findings' : 'pass');
    },
  );

  it.each(check.samples.map((sample) => [sample.title, sample] as const))(
    'through the front door: %s',
    async (_title, sample) => {
      const verdict = verdictOf(await scanArtifact(sample.input.source));
      if (sample.found) expect(['malicious', 'suspicious']).toContain(verdict);
      else expect(verdict).toBe('clean');
    },
  );
});

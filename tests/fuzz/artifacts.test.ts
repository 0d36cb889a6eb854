import { expect, it } from 'vitest';
import { artifactSeeds } from './artifact-seeds.ts';
import { fuzzArtifacts } from './artifacts.ts';

it('judges mutated model files without a crash, and never calls one clean that acts when loaded', async () => {
  const seeds = await artifactSeeds();
  expect(seeds.length).toBeGreaterThan(50);
  const { faults, inputs } = await fuzzArtifacts(seeds, { seed: 11, from: 0, to: 4_000 });
  expect(faults).toEqual([]);
  expect(inputs).toBe(4_000);
}, 300_000);

import { expect, it } from 'vitest';
import { seeded } from '../fault/kill.ts';
import { fuzzGateway } from './gateway.ts';

it('answers mutated requests and mutated upstreams in the API’s own shape', async () => {
  const report = await fuzzGateway(5_000, seeded(7), () => {});
  expect(report.faults).toEqual([]);
  expect(report.requests).toBe(5_000);
  expect(report.streams).toBeGreaterThan(300);
}, 300_000);

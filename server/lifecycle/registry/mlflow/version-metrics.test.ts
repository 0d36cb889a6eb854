import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Metric } from '../runs/model.ts';
import { type KnownMetrics, versionMetrics } from './version-metrics.ts';

const metric = (key: string, step: number, value: number, at = 1_000 + step): Metric => ({
  key,
  step,
  at,
  value,
});
const of = (known: Partial<KnownMetrics>) =>
  Object.fromEntries(
    versionMetrics({ ofRun: [], ofModel: [], ofOthers: [], checkpoint: false, ...known }).map(
      ({ key, value }) => [key, value],
    ),
  );

describe('metrics of a version', () => {
  test('are what the run came to, also where the client copied its first step to the model', () => {
    expect(of({ ofRun: [metric('loss', 19, 0.05)], ofModel: [metric('loss', 0, 1)] })).toEqual({
      loss: 0.05,
    });
  });

  test('are those of its step where the model is a checkpoint', () => {
    const known = {
      ofRun: [metric('loss', 19, 0.05), metric('size', 0, 7)],
      ofModel: [metric('loss', 3, 0.25)],
    };
    expect(of({ ...known, checkpoint: true })).toEqual({ loss: 0.25, size: 7 });
  });

  test('are never those of another model of the run', () => {
    const mine = metric('accuracy', 0, 0.7, 1_000);
    const other = metric('accuracy', 0, 0.9, 2_000);
    const only = metric('recall', 0, 0.1);
    expect(of({ ofRun: [other, only], ofModel: [mine], ofOthers: [other, only] })).toEqual({ accuracy: 0.7 });
    const shared = { ofRun: [other], ofModel: [other], ofOthers: [other] };
    expect(of(shared)).toEqual({ accuracy: 0.9 });
  });

  test('are the latest of several runs and datasets: by step, then by time, then the larger', () => {
    expect(of({ ofModel: [metric('a', 2, 0.1, 5), metric('a', 1, 0.9, 9)] })).toEqual({ a: 0.1 });
    expect(of({ ofModel: [metric('a', 1, 0.1, 9), metric('a', 1, 0.9, 5)] })).toEqual({ a: 0.1 });
    expect(of({ ofModel: [metric('a', 1, 0.1, 5), metric('a', 1, 0.9, 5)] })).toEqual({ a: 0.9 });
    expect(of({ ofModel: [metric('a', 1, -1, 5), metric('a', 1, Number.NaN, 5)] })).toEqual({
      a: Number.NaN,
    });
    expect(of({ ofModel: [metric('a', 1, Number.NaN, 5), metric('a', 1, 1, 5)] })).toEqual({ a: 1 });
  });

  test('do not depend on the order in which values are known', () => {
    const small = fc.integer({ min: 0, max: 3 });
    const value = fc.constantFrom(-1, 0, 0.5, 2, Number.POSITIVE_INFINITY);
    const points = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), step: small, at: small, value }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(points, points, (ofRun, ofModel) => {
        const turned = { ofRun: ofRun.toReversed(), ofModel: ofModel.toReversed() };
        expect(of(turned)).toEqual(of({ ofRun, ofModel }));
        const keys = new Set([...ofRun, ...ofModel].map(({ key }) => key));
        expect(Object.keys(of({ ofRun, ofModel })).toSorted()).toEqual([...keys].toSorted());
      }),
    );
  });
});

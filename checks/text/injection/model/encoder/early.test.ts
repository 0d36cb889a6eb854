import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { FixtureModel } from '../fixture.ts';
import { FIXTURE, fixtureModel } from '../fixture.ts';
import { loadModel } from '../load.ts';
import type { BatchReport, Encoder } from './contract.ts';
import { createEncoder } from './encoder.ts';
import { leftEarly, openRequestOf, ROW } from './protocol.ts';

const model = fixtureModel();
const made: { close: () => Promise<void> }[] = [];

function encoderOf(of: FixtureModel, reports: BatchReport[] = []): Encoder {
  const loaded = loadModel(of.folder) ?? expect.fail('no fixture');
  const open = openRequestOf(loaded);
  const encoder = createEncoder({
    open,
    deadlineMs: 20_000,
    startMs: 60_000,
    observe: { batch: (report) => reports.push(report) },
  });
  made.push(encoder);
  return encoder;
}

function damaged(change: (one: FixtureModel) => void): FixtureModel {
  const one = fixtureModel();
  made.push({ close: () => Promise.resolve(one.remove()) });
  change(one);
  return one;
}

afterEach(async () => {
  for (const one of made.splice(0)) await one.close();
});
afterAll(() => model.remove());

const rowOf = (values: Float32Array, i: number): number[] => [...values.subarray(i * ROW, (i + 1) * ROW)];

/** Of each length one that leaves and one that stays, in no order. */
const LEAVING = ['the mill', 'you and an otter', `${'the '.repeat(20)}otter`, '', `${'it '.repeat(30)}mill`];
const STAYING = [
  'the river',
  'a river otter',
  `${'the '.repeat(18)}zebra`,
  'turnip',
  `${'it '.repeat(31)}hot`,
];
const MIXED = LEAVING.flatMap((text, i) => [text, STAYING[i] as string]);

describe('sequences that the lower layers are sure of', () => {
  it('leave early, and get what they would get alone, as those do that stay, in order', async () => {
    const encoder = encoderOf(model);
    await encoder.warm();
    const alone: number[][] = [];
    for (const text of MIXED) alone.push(rowOf(await encoder.score([text]), 0));
    const together = await encoder.score(MIXED);
    for (const [i, expected] of alone.entries()) {
      const row = rowOf(together, i);
      for (const [k, value] of expected.entries()) expect(row[k]).toBeCloseTo(value, 5);
      expect(leftEarly(Float32Array.from(row))).toBe(LEAVING.includes(MIXED[i] as string));
    }
    // What would be an attack to the upper layers is none where these do not read it.
    expect(alone[2]?.[0]).toBeLessThan(-2);
    expect(alone[3]?.[0]).toBe(5);
  });

  it('are counted', async () => {
    const reports: BatchReport[] = [];
    const encoder = encoderOf(model, reports);
    await encoder.warm();
    reports.length = 0;
    await encoder.score(MIXED);
    const sum = (of: (report: BatchReport) => number) => reports.reduce((total, one) => total + of(one), 0);
    expect([sum(({ sequences }) => sequences), sum(({ early }) => early)]).toEqual([10, 5]);
    expect(Math.min(...reports.flatMap(({ computeMs, queueMs }) => [computeMs, queueMs]))).toBeGreaterThan(0);
  });

  it('stay when either origin’s bound is reached, and all stay when no bound lets them leave', async () => {
    const strict = damaged((one) =>
      one.rewrite((known) => ({ ...known, exit: { user: -1_000, third_party: -1_000 } })),
    );
    const values = await encoderOf(strict).score(['the mill', 'otter']);
    expect(leftEarly(values.subarray(0, ROW))).toBe(false);
    expect(values[ROW]).toBe(5);
    // "hot" is doubtful only where a third party wrote it.
    const hot = await encoderOf(model).score(['it is hot']);
    expect(leftEarly(hot)).toBe(false);
  });

  it('give the suspect rest of their text the say', async () => {
    const text = `${'the x9k# '.repeat(60)} zebra`;
    const values = await encoderOf(model).score([text]);
    expect(values[0]).toBe(5);
    expect(leftEarly(values)).toBe(false);
  });
});

describe('upper layers', () => {
  it('that are no network, or another one, are refused', async () => {
    const lower = readFileSync(join(model.folder, 'encoder.onnx'));
    const upper = readFileSync(join(model.folder, 'upper.onnx'));
    const cases: [FixtureModel, RegExp][] = [
      [
        damaged((one) => one.replace('upper', Buffer.from('no network at all'))),
        /The encoder's upper part is no ONNX model/,
      ],
      [
        damaged((one) => one.replace('upper', lower)),
        /The inputs of the encoder's upper part are attention_mask,input_ids/,
      ],
      [
        damaged((one) => one.replace('encoder', upper)),
        /The inputs of the encoder are attention_mask,hidden; it is not one of ours/,
      ],
    ];
    for (const [one, message] of cases) {
      await expect(encoderOf(one).warm()).rejects.toThrow(message);
    }
  });

  it('that were exchanged after the folder was read are refused', async () => {
    const one = damaged(() => {});
    const encoder = encoderOf(one);
    writeFileSync(join(one.folder, 'upper.onnx'), Buffer.alloc(one.manifest.files.upper.bytes, 1));
    await expect(encoder.warm()).rejects.toThrow(/upper\.onnx is not the file that model\.json lists/);
  });

  it('of another width do not belong to the lower ones', async () => {
    const one = damaged((same) => same.replace('upper', readFileSync(`${FIXTURE}/narrow.onnx`)));
    await expect(encoderOf(one).warm()).rejects.toThrow(/The encoder fails on its first batch/);
  });
});

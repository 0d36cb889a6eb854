import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../source/bytes.ts';
import { scanned } from '../core/testing.ts';
import { buildSafetensors } from '../safetensors/build.ts';
import { median } from './judge.ts';
import { entropy, tensorStats } from './stats.ts';

const stats = (bytes: Uint8Array, type: 'F64' | 'F32' | 'F16' | 'BF16') =>
  tensorStats(bytesSource(bytes), { offset: 0, length: bytes.length, type }, () => {});

const bytesOf = (values: Float32Array | Float64Array | Uint16Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

describe('tensor statistics', () => {
  it('count what is no number, and measure the rest', async () => {
    const found = await stats(
      bytesOf(Float32Array.from([3, -4, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])),
      'F32',
    );
    expect(found).toMatchObject({ count: 6, nan: 1, infinite: 2, zeros: 1, maxAbs: 4 });
    expect(found.rms).toBeCloseTo(Math.sqrt(25 / 3), 12);
  });

  it('read half precision and brain floats by their bits', async () => {
    expect(
      await stats(bytesOf(Uint16Array.from([0x3c00, 0xc000, 0x7e00, 0x7c00, 0x0001])), 'F16'),
    ).toMatchObject({ count: 5, nan: 1, infinite: 1, maxAbs: 2 });
    expect(await stats(bytesOf(Uint16Array.from([0x3f80, 0xc040, 0x7fc0, 0xff80])), 'BF16')).toMatchObject({
      count: 4,
      nan: 1,
      infinite: 1,
      maxAbs: 3,
    });
  });

  it('agree with a plain loop for any numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.float64Array({ maxLength: 200 }), async (values) => {
        const found = await stats(bytesOf(Float64Array.from(values)), 'F64');
        const finite = [...values].filter(Number.isFinite);
        expect(found.nan + found.infinite).toBe(values.length - finite.length);
        expect(found.maxAbs).toBe(finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
        expect(found.zeros).toBe(finite.filter((value) => value === 0).length);
      }),
      { numRuns: 100 },
    );
  });

  it('know the ends of the entropy scale', () => {
    expect(entropy(new Uint8Array(100))).toBe(0);
    expect(entropy(Uint8Array.from({ length: 512 }, (_, i) => i & 255))).toBe(8);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([])).toBeNaN();
  });
});

describe('weight checks', () => {
  const model = (tensors: Record<string, Float32Array>) => {
    const header: Record<string, unknown> = {};
    let at = 0;
    for (const [name, values] of Object.entries(tensors)) {
      header[name] = { dtype: 'F32', shape: [values.length], data_offsets: [at, at + values.byteLength] };
      at += values.byteLength;
    }
    const data = Buffer.concat(Object.values(tensors).map(bytesOf));
    return buildSafetensors({ header: JSON.stringify(header), data: new Uint8Array(data) });
  };
  const wave = (length: number, scale: number, phase: number) =>
    Float32Array.from({ length }, (_, index) => Math.sin(index * 0.7 + phase) * scale);

  it('call a sound model clean, and notes are no findings', async () => {
    const tensors = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`w${i}`, wave(5000, 0.02, i)]));
    const sound = await scanned(model(tensors));
    expect(sound).toMatchObject({ verdict: 'clean', findings: [] });
    const odd = await scanned(
      model({
        ...tensors,
        copy: tensors.w3 as Float32Array,
        big: wave(5000, 1e6, 1),
        none: new Float32Array(5000),
      }),
    );
    expect(odd.verdict).toBe('clean');
    expect(odd.messages.join('\n')).toMatch(/numbers of another/);
    expect(odd.messages.join('\n')).toMatch(/far from all others/);
    expect(odd.messages.join('\n')).toMatch(/nothing but zeros/);
  });

  it('report tensors without a single number', async () => {
    const { verdict, messages } = await scanned(model({ w: new Float32Array(10).fill(Number.NaN) }));
    expect(verdict).toBe('suspicious');
    expect(messages.join()).toMatch(/nothing but NaN/);
  });
});

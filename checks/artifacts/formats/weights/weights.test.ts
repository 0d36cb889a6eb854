import { describe, expect, it } from 'vitest';
import { entropy } from '../core/entropy.ts';
import { scanned } from '../core/testing.ts';
import { buildModel, float32, hide, normals } from './build.ts';

const text = new TextEncoder().encode(
  'import os\nfor name in os.listdir("."):\n    print(name, os.path.getsize(name))\n'.repeat(20),
);
const layer = (index: number, values: Float32Array) => [`layers.${index}.weight`, float32(values)] as const;
const sound = Array.from({ length: 10 }, (_, index) => layer(index, normals(5000, index)));

describe('weights', () => {
  it('know the ends of the entropy scale', () => {
    expect(entropy(new Uint8Array(100))).toBe(0);
    expect(entropy(Uint8Array.from({ length: 512 }, (_, i) => i & 255))).toBe(8);
  });

  it('call a sound model clean, and notes are no findings', async () => {
    expect(await scanned(buildModel(Object.fromEntries(sound)))).toMatchObject({
      format: 'safetensors',
      verdict: 'clean',
      findings: [],
    });
    const odd = await scanned(
      buildModel({
        ...Object.fromEntries(sound),
        'layers.10.weight': float32(normals(5000, 3)),
        'layers.11.weight': float32(normals(5000, 11, 1e6)),
        'layers.12.weight': float32(new Float32Array(5000)),
      }),
    );
    expect(odd.verdict).toBe('clean');
    const said = odd.messages.join('\n');
    expect(said).toMatch(/numbers of another/);
    expect(said).toMatch(/"layers\.11\.weight" has a root mean square of .*robust z .*threshold 10/);
    expect(said).toMatch(/nothing but zeros/);
    expect(said).toMatch(/"layers\.12\.weight" holds nothing but 0, unlike most/);
  });

  it('report tensors without a single number', async () => {
    const { verdict, messages } = await scanned(
      buildModel({ w: float32(new Float32Array(10).fill(Number.NaN)) }),
    );
    expect(verdict).toBe('suspicious');
    expect(messages.join()).toMatch(/nothing but NaN/);
  });

  it.each([1, 2, 4, 8])('read text out of the low %d bits', async (bits) => {
    const file = buildModel({
      ...Object.fromEntries(sound),
      'layers.10.weight': float32(hide(normals(40_000, 20), text, bits, 8000)),
    });
    const { verdict, messages } = await scanned(file);
    expect(verdict).toBe('suspicious');
    expect(messages.join('\n')).toMatch(
      new RegExp(`low ${bits} bits?.* of tensor "layers.10.weight".* text`),
    );
  });

  it('read a program out of the low bits where a tensor begins, behind its length', async () => {
    const program = new Uint8Array(3000).map((_, index) => (index * 2_654_435_761) >>> 24);
    program.set([0x10, 0, 0, 0, 0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    const file = buildModel({ w: float32(hide(normals(30_000, 5), program, 1)) });
    expect((await scanned(file)).messages.join()).toMatch(/low 1 bit.* an ELF program/);
  });

  it('measure nothing when asked not to', async () => {
    const { scanArtifact } = await import('../../scan.ts');
    const { bytesSource } = await import('../../source/bytes.ts');
    const file = buildModel({ w: float32(new Float32Array(10).fill(Number.NaN)) });
    expect((await scanArtifact(bytesSource(file), { weights: false })).findings).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUCKETS, Featurizer } from './features.ts';
import type { Manifest } from './manifest.ts';
import { LINEAR_BYTES } from './manifest.ts';

/** The tests' encoder and vocabulary, which `fixture/make.py` makes. */
export const FIXTURE = fileURLToPath(new URL('./fixture', import.meta.url));

/**
 * Words that push the fixture's linear stage; its encoder takes "zebra", and from third parties "turnip", for attacks.
 * What has none of "zebra", "turnip", "river" and "hot" leaves early: so does "otter", an attack to the upper layers alone.
 */
const WORDS: Readonly<Record<string, readonly [user: number, thirdParty: number]>> = {
  zebra: [40, 40],
  turnip: [-4, 40],
  maybe: [6, 6],
};

/** A pseudo-random number in -1..1 for each call. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  };
}

function linearStage(): Buffer {
  const bytes = Buffer.alloc(LINEAR_BYTES);
  const random = numbers(11);
  bytes.writeFloatLE(-2, 0);
  bytes.writeFloatLE(-2, 4);
  for (let i = 0; i < 2 * BUCKETS; i += 1) bytes.writeFloatLE(0.1 * random(), 8 + 4 * i);
  const featurizer = new Featurizer();
  for (const [word, weights] of Object.entries(WORDS)) {
    const bucket = featurizer.of(word)[0] ?? 0;
    for (const [column, weight] of weights.entries())
      bytes.writeFloatLE(weight, 8 + 4 * (column * BUCKETS + bucket));
  }
  return bytes;
}

export interface FixtureModel {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Writes the manifest again, changed. */
  readonly rewrite: (change: (manifest: Manifest) => unknown) => void;
  /** Replaces a file and enters its digest. */
  readonly replace: (file: keyof Manifest['files'], bytes: Uint8Array) => void;
  readonly remove: () => void;
}

/** A model folder with a small encoder of the real one's interface. */
export function fixtureModel(): FixtureModel {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-injection-'));
  copyFileSync(join(FIXTURE, 'encoder.onnx'), join(folder, 'encoder.onnx'));
  copyFileSync(join(FIXTURE, 'upper.onnx'), join(folder, 'upper.onnx'));
  copyFileSync(join(FIXTURE, 'vocab.txt'), join(folder, 'vocab.txt'));
  writeFileSync(join(folder, 'linear.bin'), linearStage());
  const listed = (name: string) => {
    const bytes = readFileSync(join(folder, name));
    return { name, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  };
  const stack = { bias: -1, encoder: 1, linear: 0.25, rules: 3, windows: -0.1, windowsUpTo: 4, decoded: 0.5 };
  const points = { strict: 0.3, balanced: 0.5, quiet: 0.9 };
  const manifest: Manifest = {
    format: 1,
    id: 'fixture',
    version: '1',
    files: {
      encoder: listed('encoder.onnx'),
      upper: listed('upper.onnx'),
      vocabulary: listed('vocab.txt'),
      linear: listed('linear.bin'),
    },
    window: { tokens: 144 },
    exit: { user: -1, third_party: -1 },
    handicap: {
      user: { piece: { linear: 0, encoder: 0 }, respelled: { linear: 0, encoder: 0 } },
      third_party: { piece: { linear: 0, encoder: 0 }, respelled: { linear: 0, encoder: 0 } },
    },
    cascade: {
      user: { harmlessBelow: -1.5, attackAbove: 18 },
      third_party: { harmlessBelow: -1.5, attackAbove: null },
    },
    stack: { user: stack, third_party: stack },
    points: { user: points, third_party: points },
  };
  const rewrite = (change: (manifest: Manifest) => unknown): void =>
    writeFileSync(join(folder, 'model.json'), JSON.stringify(change(manifest), null, 2));
  rewrite((same) => same);
  return {
    folder,
    manifest,
    rewrite,
    replace: (file, bytes) => {
      writeFileSync(join(folder, manifest.files[file].name), bytes);
      rewrite((known) => ({
        ...known,
        files: { ...known.files, [file]: listed(known.files[file].name) },
      }));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

import { describe, expect, it } from 'vitest';
import { readText } from '../../normalise/index.ts';
import { judgeReading } from '../score.ts';
import { createScoreCache } from './cache.ts';
import { fixtureModel } from './fixture.ts';
import type { Evidence } from './judge.ts';
import { createModelDetector } from './judge.ts';
import { loadModel } from './load.ts';
import type { Handicaps } from './manifest.ts';
import { KINDS, Manifest, ORIGINS } from './manifest.ts';

const fixture = fixtureModel();
const model = loadModel(fixture.folder) ?? expect.fail('no fixture');
fixture.remove();
const PIECE = '// crypt the username';
const TEXT = `const a = 1;\n${PIECE}\nconst b = await store(a, crypt(name), "turnip turnip");\n`.repeat(3);

/** What is said of the text by an encoder to which the comment by itself looks like an attack, and nothing else does. */
async function evidence(handicaps: Handicaps): Promise<Evidence> {
  const never = { harmlessBelow: -900, attackAbove: null };
  const detector = createModelDetector({
    model: {
      ...model,
      manifest: {
        ...model.manifest,
        cascade: { user: never, third_party: never },
        handicap: { user: handicaps, third_party: handicaps },
      },
    },
    cache: createScoreCache(),
    nowMs: () => performance.now(),
    encoder: {
      score: (texts) =>
        Promise.resolve(
          Float32Array.from(
            texts.flatMap((text) => {
              const logit = text.trim() === PIECE ? 6 : -3;
              return [...ORIGINS.map(() => logit), ...KINDS.map(() => 1)];
            }),
          ),
        ),
    },
  });
  const reading = readText(TEXT);
  const segment = { index: 0, text: TEXT, author: 'third_party', kind: 'document' } as const;
  const rules = judgeReading(reading, { author: 'third_party', strictness: 1 });
  const [said] = await detector.evidence([{ segment, reading, rules }], true);
  return said ?? expect.fail('nothing was said');
}

const respelled = { linear: 0, encoder: 0 };

describe('a part of a document by itself', () => {
  it('speaks for itself without a handicap', async () => {
    expect((await evidence({ piece: { linear: 0, encoder: 0 }, respelled })).encoder).toBe(6);
  });

  it('must say more than a window by its handicap', async () => {
    expect((await evidence({ piece: { linear: 0, encoder: 4 }, respelled })).encoder).toBe(2);
    expect((await evidence({ piece: { linear: 0, encoder: 20 }, respelled })).encoder).toBe(-3);
  });

  it('tells what it said before the handicap, so that this can be fitted', async () => {
    const { highest } = await evidence({ piece: { linear: 3, encoder: 20 }, respelled });
    const free = await evidence({ piece: { linear: 0, encoder: 0 }, respelled });
    expect(highest.piece.encoder).toBe(6);
    expect(highest.window.encoder).toBe(-3);
    expect(highest.piece.linear).toBeCloseTo(free.highest.piece.linear ?? Number.NaN, 5);
  });
});

describe('a manifest', () => {
  it('without handicaps has none, and one below 0 is refused', () => {
    const { handicap, ...rest } = model.manifest;
    expect(Manifest.parse(rest).handicap.user.piece.encoder).toBe(0);
    const wrong = { ...handicap, user: { ...handicap.user, piece: { linear: 0, encoder: -1 } } };
    expect(Manifest.safeParse({ ...rest, handicap: wrong }).success).toBe(false);
  });
});

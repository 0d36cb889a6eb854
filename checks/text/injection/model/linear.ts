import { BUCKETS, Featurizer } from './features.ts';
import type { Origin } from './manifest.ts';
import { InjectionModelError, LINEAR_BYTES, ORIGINS } from './manifest.ts';

/** Logits of an attack, by who would have written the text. */
export type Logits = Readonly<Record<Origin, number>>;

/**
 * The cheap stage: logistic regression over hashed features. Reads a folded text of up to a window's length in a few
 * microseconds. `logit = bias + Σ weights / √features`.
 */
export interface LinearStage {
  readonly logits: (text: string) => Logits;
}

/** Reads `linear.bin`. Throws {@link InjectionModelError} where it has another length or holds what is no number. */
export function readLinear(bytes: Uint8Array): LinearStage {
  if (bytes.byteLength !== LINEAR_BYTES) {
    throw new InjectionModelError(
      `The linear stage has ${bytes.byteLength} bytes, not ${LINEAR_BYTES}; the model folder is damaged.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const biases = ORIGINS.map((_, i) => finite(view.getFloat32(4 * i, true)));
  // Both origins' weights of a bucket lie beside each other, so that one look-up fetches both.
  const weights = new Float32Array(2 * BUCKETS);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const at = 4 * (ORIGINS.length + bucket);
    weights[2 * bucket] = finite(view.getFloat32(at, true));
    weights[2 * bucket + 1] = finite(view.getFloat32(at + 4 * BUCKETS, true));
  }
  const [userBias = 0, thirdPartyBias = 0] = biases;
  const featurizer = new Featurizer();
  return Object.freeze({
    logits: (text: string): Logits => {
      const buckets = featurizer.of(text);
      let user = 0;
      let thirdParty = 0;
      for (let i = 0; i < buckets.length; i += 1) {
        const at = 2 * (buckets[i] as number);
        user += weights[at] as number;
        thirdParty += weights[at + 1] as number;
      }
      const scale = buckets.length === 0 ? 0 : 1 / Math.sqrt(buckets.length);
      return { user: userBias + user * scale, third_party: thirdPartyBias + thirdParty * scale };
    },
  });
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new InjectionModelError('The linear stage holds a weight that is no number.');
}

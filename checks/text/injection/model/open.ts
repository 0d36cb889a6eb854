import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createScoreCache } from './cache.ts';
import type { Encoder, EncoderObserver } from './encoder/contract.ts';
import type { EncoderOptions } from './encoder/encoder.ts';
import { createEncoder } from './encoder/encoder.ts';
import { openRequestOf } from './encoder/protocol.ts';
import { EncoderRefused } from './encoder/refused.ts';
import type { DetectorObserver, ModelDetector } from './judge.ts';
import { createModelDetector } from './judge.ts';
import { loadModel, loadModelAside } from './load.ts';
import { InjectionModelError } from './manifest.ts';
import type { InjectionModel } from './model.ts';

/** Where the product's own model lies. */
export const MODEL_FOLDER = fileURLToPath(new URL('../../../../models/injection', import.meta.url));

/**
 * The model folder that a setting names: the product's own where it is absent or empty, null where it is `none`, which
 * leaves the injection check to its rules.
 */
export function modelFolderOf(setting: string | undefined): string | null {
  if (setting === 'none') return null;
  return setting ? resolve(setting) : MODEL_FOLDER;
}

export interface OpenDetector {
  readonly detector: ModelDetector;
  readonly encoder: Encoder;
  /**
   * Starts the encoder, so that no text pays for that. Throws {@link InjectionModelError} where it can never run here;
   * rejects with `EncoderRefused` where it only was too slow.
   */
  readonly warm: () => Promise<void>;
}

export interface OpenOptions {
  readonly folder?: string;
  readonly log: { readonly warn: (message: string) => void };
  readonly observe?: DetectorObserver & EncoderObserver;
  readonly cacheBytes?: number;
  /** How long a text may wait for the encoder, default 1.8 s; more where nobody waits (a benchmark, a recipe). */
  readonly deadlineMs?: number;
  /** The encoder of another thread instead of one of its own. */
  readonly encoder?: Encoder;
}

/** The encoder's process for a model, not yet started. */
export function encoderOf(
  model: InjectionModel,
  options: Pick<EncoderOptions, 'observe' | 'deadlineMs'> = {},
): Encoder {
  return createEncoder({ open: openRequestOf(model), ...options });
}

/**
 * The trained detector of a model folder. Null, and a line in the log, where no model is installed; throws
 * {@link InjectionModelError} where one is and is damaged: that must be mended, not worked around.
 */
export function openInjectionDetector(options: OpenOptions): OpenDetector | null {
  const { folder = MODEL_FOLDER, encoder } = options;
  return opened(loadModel(folder, { networks: encoder === undefined }), options);
}

/** As {@link openInjectionDetector}, for a process that serves: what is large is read and checked off its event loop. */
export async function openInjectionDetectorAside(options: OpenOptions): Promise<OpenDetector | null> {
  return opened(await loadModelAside(options.folder ?? MODEL_FOLDER), options);
}

function opened(model: InjectionModel | null, options: OpenOptions): OpenDetector | null {
  const { folder = MODEL_FOLDER, log, observe = {}, deadlineMs } = options;
  if (model === null) {
    log.warn(`no injection model in ${folder}: text/injection works by its rules alone`);
    return null;
  }
  const encoder =
    options.encoder ?? encoderOf(model, { observe, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
  const cache = createScoreCache(options.cacheBytes);
  return Object.freeze({
    encoder,
    detector: createModelDetector({
      model,
      encoder,
      cache,
      observe,
      budgetMs: deadlineMs,
      nowMs: () => performance.now(),
    }),
    warm: () => warmed(encoder),
  });
}

async function warmed(encoder: Encoder): Promise<void> {
  try {
    await encoder.warm();
  } catch (error) {
    const hopeless = error instanceof EncoderRefused && error.refusal === 'unusable';
    throw hopeless ? new InjectionModelError(error.message, { cause: error }) : error;
  }
}

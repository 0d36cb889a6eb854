import type { Detection, DetectorSettings, DetectorText, InjectionDetector } from '../detector.ts';
import type { Rows } from './ask.ts';
import { createAskRows } from './ask.ts';
import type { ScoreCache } from './cache.ts';
import type { Candidate } from './candidate.ts';
import { handicapOf, textOf } from './candidate.ts';
import type { Encoder } from './encoder/contract.ts';
import { leftEarly } from './encoder/protocol.ts';
import { EncoderRefused, mayShed } from './encoder/refused.ts';
import type { Stage, Verdict } from './explain.ts';
import { detectionOf } from './explain.ts';
import type { HighestLogits } from './highest.ts';
import { highestOf } from './highest.ts';
import { type OperatingPoint, ORIGINS, SILENT } from './manifest.ts';
import type { InjectionModel } from './model.ts';
import type { LinearReading } from './read.ts';
import { readLinearly } from './read.ts';
import { ruled } from './ruled.ts';
import type { StackFeatures } from './stack.ts';
import { probabilityOf, scoreAt } from './stack.ts';

/** Lower scores are not explained. */
const FLOOR = 0.3;
/** Logits that differ by less say the same. */
const NEARLY = 0.5;
/** Score of a text with more doubtful windows than the encoder reads, whatever it says of those that it read. */
export const UNREAD_SCORE = 0.75;

/** What the detector did, for whoever measures it. */
export interface DetectorObserver {
  /** A text was judged: by the linear stage, the encoder, from the cache, without the encoder that did not answer. */
  readonly judged?: (by: Stage | 'cache') => void;
  /** The encoder did not answer; `shed` says that the texts were judged without it. */
  readonly refused?: (error: EncoderRefused, shed: boolean) => void;
}

export interface DetectorParts {
  readonly model: InjectionModel;
  readonly encoder: Pick<Encoder, 'score'>;
  readonly cache: ScoreCache;
  readonly observe?: DetectorObserver;
  /** A clock that never goes back, ms. */
  readonly nowMs: () => number;
  /** How long a question to the encoder may go on, in ms. */
  readonly budgetMs?: number | undefined;
}

/** Everything that the stages say of a text: what the stack's weights are fitted on. */
export interface Evidence extends StackFeatures {
  readonly origin: (typeof ORIGINS)[number];
  /** The cascade settles it without the encoder; `encoder` is then the linear logit. */
  readonly settled: 'harmless' | 'attack' | null;
  readonly probability: number;
  /** Doubtful windows beyond those that the encoder reads: where there are any, the text counts as suspect. */
  readonly unread: number;
  /** Highest logits by what was read, handicaps not taken off: what these are fitted on. */
  readonly highest: HighestLogits;
}

interface Pending {
  readonly text: DetectorText;
  readonly reading: LinearReading;
}

/** Tries again what was only late or long: nobody waits for evidence but a recipe on a busy machine. */
async function patiently(ask: () => Rows | Promise<Rows>, tries = 20): Promise<Rows> {
  try {
    return await ask();
  } catch (error) {
    const slow = error instanceof EncoderRefused && (error.refusal === 'late' || error.refusal === 'large');
    if (!slow || tries === 0) throw error;
    return patiently(ask, tries - 1);
  }
}

/** A stretch of a text as the stages read it, in UTF-16 offsets of the original. */
export interface ReadWindow {
  readonly start: number;
  readonly end: number;
  /** What it is where it is a part of a document and no window: `an HTML comment`. */
  readonly piece: string | null;
  /** How it was hidden, outermost first. */
  readonly how: readonly string[];
  /** Logit of the linear stage for the text's origin. */
  readonly linear: number;
  /** Logit of the encoder; null where the cascade does not ask it. */
  readonly encoder: number | null;
  /** Whether its lower layers were sure, so that the upper ones did not read it; null where it was not asked. */
  readonly early: boolean | null;
}

/** How a text was read: what the playground shows. */
export interface Trace extends Omit<Evidence, 'windows'> {
  /** Windows and parts that the linear stage read. */
  readonly count: number;
  readonly threshold: number;
  /** Those that were or would be given to the encoder, the most suspect first. */
  readonly windows: readonly ReadWindow[];
}

export interface ModelDetector extends InjectionDetector {
  /** How one text is read at an operating point. Rejects with `EncoderRefused` where the encoder does not answer. */
  readonly trace: (text: DetectorText, point: OperatingPoint) => Promise<Trace>;
  /** What the stages say of each text, in order; with `all`, of settled ones the encoder's word too. */
  readonly evidence: (texts: readonly DetectorText[], all?: boolean) => Promise<Evidence[]>;
}

/** The cascade: the linear stage, the rules and, for what these do not settle, the encoder. */
export function createModelDetector(parts: DetectorParts): ModelDetector {
  const { model, observe = {} } = parts;
  const { cascade, handicap, stack, points } = model.manifest;
  const linearly = { linear: model.linear, cascade, handicap };
  const askRows = createAskRows(parts);

  function settledBy(text: DetectorText, { origin, highest }: LinearReading): Evidence['settled'] {
    if (highest === null) return 'harmless';
    const { harmlessBelow, attackAbove } = cascade[origin];
    if (attackAbove !== null && highest.logit > attackAbove) return 'attack';
    return highest.logit < harmlessBelow && (text.rules?.score ?? 0) < SILENT ? 'harmless' : null;
  }

  /** Of candidates that say nearly the same, the shortest tells best where it stands. */
  function tightest(worst: Candidate, { reading }: Pending, rows: Rows): Candidate {
    const column = ORIGINS.indexOf(reading.origin);
    const logitOf = (candidate: Candidate): number => rows.get(textOf(candidate))?.[column] ?? Number.NaN;
    const least = logitOf(worst) - NEARLY;
    let best = worst;
    for (const candidate of reading.chosen) {
      if (candidate.view !== worst.view || !(logitOf(candidate) >= least)) continue;
      if (candidate.end - candidate.start < best.end - best.start) best = candidate;
    }
    return best;
  }

  /**
   * What the encoder is asked about: windows that the linear stage would settle by themselves are left to it, as whole
   * texts are.
   */
  function askedOf({ text, reading }: Pending): readonly Candidate[] {
    const { harmlessBelow } = cascade[reading.origin];
    if ((text.rules?.score ?? 0) >= SILENT) return reading.chosen;
    const doubtful = reading.chosen.filter(({ logit }) => logit >= harmlessBelow);
    return doubtful.length > 0 ? doubtful : reading.chosen;
  }

  /** The features of a text, and its worst window; `rows` is null where the encoder has no say. */
  function weigh(
    { text, reading }: Pending,
    rows: Rows | null,
  ): { features: StackFeatures; worst: Candidate; row: Float32Array | null } {
    let worst = reading.highest as Candidate;
    let row: Float32Array | null = null;
    let encoder = Number.NEGATIVE_INFINITY;
    const linear = worst.logit;
    const column = ORIGINS.indexOf(reading.origin);
    for (const candidate of rows === null ? [] : askedOf({ text, reading })) {
      const said = rows?.get(textOf(candidate));
      if (said === undefined) throw new Error('The encoder left out a window.');
      const logit = (said[column] as number) - handicapOf(candidate, handicap[reading.origin]).encoder;
      if (row !== null && logit <= encoder) continue;
      [row, worst, encoder] = [said, candidate, logit];
    }
    const features = {
      encoder: row === null ? linear : encoder,
      linear,
      rules: text.rules?.score ?? 0,
      windows: Math.max(1, reading.plain),
      decoded: worst.view.how.length > 0,
    };
    return { features, worst, row };
  }

  function report(
    pending: Pending,
    outcome: { readonly rows: Rows | null; readonly stage: Stage },
    settings: DetectorSettings,
  ): Detection | null {
    const { origin, unread } = pending.reading;
    const { features, worst, row } = weigh(pending, outcome.rows);
    const probability = probabilityOf(features, stack[origin]);
    const read = scoreAt(probability, points[origin], settings.operatingPoint);
    const score = unread > 0 ? Math.max(read, UNREAD_SCORE) : read;
    const sure = score < 0.5 ? ruled(pending.text, settings.operatingPoint, probability) : null;
    if (sure !== null || score < FLOOR) return sure;
    const place = outcome.rows === null ? worst : tightest(worst, pending, outcome.rows);
    const hidden = read < UNREAD_SCORE ? unread : 0;
    const verdict: Verdict = {
      worst: place,
      row,
      stage: outcome.stage,
      probability,
      score,
      unread: hidden,
    };
    return detectionOf(verdict, pending.text, model.linear);
  }

  /** The encoder's rows of all chosen windows; from the cache at once where it has them all. */
  function rowsOf(pending: readonly Pending[], settings?: DetectorSettings): Rows | Promise<Rows> {
    const texts = pending.flatMap((one) => askedOf(one).map(textOf));
    return askRows(texts, settings && { signal: settings.signal, client: settings.client });
  }

  async function encoded(
    pending: readonly Pending[],
    asked: Promise<Rows>,
    settings: DetectorSettings,
  ): Promise<readonly (Detection | null)[]> {
    let outcome: { rows: Rows | null; stage: Stage };
    try {
      outcome = { rows: await asked, stage: 'encoder' };
    } catch (error) {
      if (!(error instanceof EncoderRefused)) throw error;
      const shed = mayShed(error) && settings.overload === 'shed';
      observe.refused?.(error, shed);
      if (!shed) throw error;
      outcome = { rows: null, stage: 'shed' };
    }
    return pending.map((one) => {
      observe.judged?.(outcome.stage);
      return report(one, outcome, settings);
    });
  }

  function detect(
    texts: readonly DetectorText[],
    settings: DetectorSettings,
  ): readonly (Detection | null)[] | Promise<readonly (Detection | null)[]> {
    const answers: (Detection | null)[] = texts.map(() => null);
    const pending: (Pending & { readonly place: number })[] = [];
    for (const [place, text] of texts.entries()) {
      const reading = readLinearly(text, linearly);
      const settled = settledBy(text, reading);
      if (settled === null) {
        pending.push({ text, reading, place });
        continue;
      }
      observe.judged?.('linear');
      if (settled === 'attack') {
        answers[place] = report({ text, reading }, { rows: null, stage: 'linear' }, settings);
      }
    }
    if (pending.length === 0) return answers;
    const rows = rowsOf(pending, settings);
    if (rows instanceof Promise) {
      return encoded(pending, rows, settings).then((found) => {
        for (const [i, { place }] of pending.entries()) answers[place] = found[i] ?? null;
        return answers;
      });
    }
    for (const one of pending) {
      observe.judged?.('cache');
      answers[one.place] = report(one, { rows, stage: 'encoder' }, settings);
    }
    return answers;
  }

  async function evidenceOf(texts: readonly DetectorText[], all = false): Promise<Evidence[]> {
    const answers: Evidence[] = [];
    for (const text of texts) {
      const reading = readLinearly(text, linearly);
      const settled = settledBy(text, reading);
      const silent = reading.highest === null || (settled !== null && !all);
      const pending = { text, reading };
      const rows = silent ? null : await patiently(() => rowsOf([pending]));
      const features =
        reading.highest === null
          ? { encoder: -30, linear: -30, rules: 0, windows: 1, decoded: false }
          : weigh(pending, rows).features;
      const probability = probabilityOf(features, stack[reading.origin]);
      const { origin, unread } = reading;
      const highest = highestOf(reading, rows, handicap[origin]);
      answers.push({ ...features, origin, settled, probability, unread, highest });
    }
    return answers;
  }

  async function trace(text: DetectorText, point: OperatingPoint): Promise<Trace> {
    const [{ windows: _, ...evidence }] = (await evidenceOf([text])) as [Evidence];
    const reading = readLinearly(text, linearly);
    const column = ORIGINS.indexOf(reading.origin);
    const rows = evidence.settled === null ? await rowsOf([{ text, reading }]) : null;
    const windows = reading.chosen.map((candidate): ReadWindow => {
      const { view, piece, logit: linear } = candidate;
      const row = rows?.get(textOf(candidate));
      const encoder = row?.[column] ?? null;
      const early = row === undefined ? null : leftEarly(row);
      const span = view.spanOf(candidate.start, candidate.end);
      return { ...span, piece, how: view.how, linear, encoder, early };
    });
    windows.sort((a, b) => (b.encoder ?? b.linear - 100) - (a.encoder ?? a.linear - 100));
    return { ...evidence, count: reading.count, threshold: points[reading.origin][point], windows };
  }

  return Object.freeze({ id: model.name, detect, evidence: evidenceOf, trace });
}

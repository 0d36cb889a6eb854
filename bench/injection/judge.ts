import type { DetectorText, InjectionDetector } from '@bartizan/checks/text/injection/detector.ts';
import { createInjectionCheck, injectionCheck } from '@bartizan/checks/text/injection/index.ts';
import { createEncoder } from '@bartizan/checks/text/injection/model/encoder/encoder.ts';
import { openRequestOf } from '@bartizan/checks/text/injection/model/encoder/protocol.ts';
import type { Evidence, ModelDetector } from '@bartizan/checks/text/injection/model/judge.ts';
import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import type { OperatingPoint, Origin } from '@bartizan/checks/text/injection/model/manifest.ts';
import { InjectionModelError, OPERATING_POINTS } from '@bartizan/checks/text/injection/model/manifest.ts';
import { openInjectionDetector } from '@bartizan/checks/text/injection/model/open.ts';
import { SURE } from '@bartizan/checks/text/injection/model/ruled.ts';
import { judgeReading } from '@bartizan/checks/text/injection/score.ts';
import { readSegment } from '@bartizan/checks/text/normalise/index.ts';
import type { Segment, TextFinding, TextInput } from '@bartizan/checks/text/types.ts';
import { textInput } from '@bartizan/checks/text/types.ts';

/** What settled a text. */
export type Stage = 'rules' | 'linear' | 'encoder' | 'peer';

/** What a detector says of one text. */
export interface Verdict {
  /** 0..1, rising with suspicion; texts are ranked by it. */
  readonly score: number;
  /** Taken for an attack, by operating point. */
  readonly flagged: Readonly<Record<string, boolean>>;
  readonly stage: Stage;
}

/** A detector that is measured. */
export interface Judge {
  readonly name: string;
  /** Operating points that it has, the first ones first in tables. */
  readonly points: readonly string[];
  readonly judge: (text: string, origin: Origin) => Promise<Verdict>;
}

/** How long a text took, and what settled it. */
export interface Timed {
  readonly ms: number;
  readonly stage: Stage;
}

/** A detector whose time is taken. */
export interface TimedJudge extends Judge {
  /** One judgement, with nothing known of earlier texts. */
  readonly time: (text: string, origin: Origin) => Promise<Timed>;
}

/** The product's own check, measured as the gateway runs it. */
export interface OwnJudge extends TimedJudge {
  readonly points: typeof OPERATING_POINTS;
  readonly close: () => Promise<void>;
}

/** A finding from here on is acted on: what a rule for this check starts with. */
const THRESHOLD = injectionCheck.defaults.threshold;
/** The bench asks more at once than a gateway does; what is measured is verdicts, not overload. */
const PATIENCE = { deadlineMs: 120_000, startMs: 120_000, hangMs: 60_000, mostWaiting: 8_192 };
const CONFIGS = Object.fromEntries(
  OPERATING_POINTS.map((point) => [point, injectionCheck.config.parse({ operatingPoint: point })]),
) as Record<OperatingPoint, ReturnType<typeof injectionCheck.config.parse>>;

function inputOf(text: string, origin: Origin): TextInput {
  return origin === 'user'
    ? textInput(text, { author: 'user', kind: 'message' })
    : textInput(text, { author: 'third_party', kind: 'tool_result' });
}

type Check = ReturnType<typeof createInjectionCheck>;

/** Whether the check takes a text for an attack. Throws where it could not judge: that is no pass. */
async function flags(check: Check, input: TextInput, point: OperatingPoint): Promise<boolean> {
  const result = await check.run(input, CONFIGS[point]);
  if (result.outcome === 'error') throw new Error(result.message);
  if (result.outcome === 'skipped') throw new Error(`not judged: ${result.reason}`);
  const findings: readonly TextFinding[] = result.outcome === 'findings' ? result.findings : [];
  return findings.some(({ score }) => score >= THRESHOLD);
}

/** The check by rules alone: one threshold at every operating point. */
export function rulesJudge(): OwnJudge {
  async function judge(text: string, origin: Origin): Promise<Verdict> {
    const input = inputOf(text, origin);
    const [segment] = input.segments as readonly [Segment];
    const flagged = await flags(injectionCheck, input, 'balanced');
    const found = judgeReading(readSegment(segment), { author: segment.author, strictness: 1 });
    return {
      score: found?.score ?? 0,
      flagged: { strict: flagged, balanced: flagged, quiet: flagged },
      stage: 'rules',
    };
  }
  return {
    name: 'rules alone',
    points: OPERATING_POINTS,
    judge,
    time: async (text, origin) => {
      const input = inputOf(text, origin);
      const from = performance.now();
      await flags(injectionCheck, input, 'balanced');
      return { ms: performance.now() - from, stage: 'rules' };
    },
    close: async () => {},
  };
}

/** Hands everything on, and keeps what the check made of each segment until it is asked for. */
function listeningTo(detector: ModelDetector): {
  readonly detector: InjectionDetector;
  readonly heard: WeakMap<Segment, DetectorText>;
} {
  const heard = new WeakMap<Segment, DetectorText>();
  return {
    heard,
    detector: {
      id: detector.id,
      detect: (texts, settings) => {
        for (const text of texts) heard.set(text.segment, text);
        return detector.detect(texts, settings);
      },
    },
  };
}

/**
 * By what texts are ranked: the calibrated probability. What the cascade settles as harmless passes at every operating
 * point, whatever the stack would have made of it, so it ranks below all of them.
 */
export function rankOf(
  { probability, settled }: Pick<Evidence, 'probability' | 'settled'>,
  strictest: number,
): number {
  return settled === 'harmless' ? probability * strictest : probability;
}

/**
 * The rank that the rules alone give a text: the threshold of the quietest operating point at which they decide
 * whatever the model says; 0 where they decide at none.
 */
export function rankByRules(score: number, points: Readonly<Record<OperatingPoint, number>>): number {
  return Math.max(
    0,
    ...OPERATING_POINTS.filter((point) => score >= SURE[point]).map((point) => points[point]),
  );
}

/** The check with the model of a folder. Throws `InjectionModelError` where that is damaged or there is none. */
export async function openJudge(folder: string): Promise<OwnJudge> {
  const model = loadModel(folder);
  if (model === null) throw new InjectionModelError(`${folder} holds no model`);
  const { points } = model.manifest;
  const encoder = createEncoder({ open: openRequestOf(model), ...PATIENCE });
  const log = { warn: (message: string) => process.stderr.write(`${message}\n`) };
  let settledBy: Stage = 'linear';
  const open = (cacheBytes?: number) => {
    const opened = openInjectionDetector({
      folder,
      log,
      encoder,
      deadlineMs: PATIENCE.deadlineMs,
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
      observe: {
        judged: (by) => {
          settledBy = by === 'linear' ? 'linear' : 'encoder';
        },
      },
    });
    if (opened === null) throw new Error(`${folder} lost its model`);
    return opened;
  };
  const { detector, warm } = open();
  const forgetful = createInjectionCheck({ detector: open(1).detector });
  const listening = listeningTo(detector);
  const check = createInjectionCheck({ detector: listening.detector });
  await warm();

  async function judge(text: string, origin: Origin): Promise<Verdict> {
    const input = inputOf(text, origin);
    const flagged: Record<string, boolean> = {};
    for (const point of OPERATING_POINTS) flagged[point] = await flags(check, input, point);
    const [segment] = input.segments as readonly [Segment];
    const said = listening.heard.get(segment);
    const [evidence] = said === undefined ? [] : await detector.evidence([said]);
    if (evidence === undefined) throw new Error('the check did not ask its detector');
    return {
      score: Math.max(
        rankOf(evidence, points[origin].strict),
        rankByRules(said?.rules?.score ?? 0, points[origin]),
      ),
      flagged,
      stage: evidence.settled === null ? 'encoder' : 'linear',
    };
  }

  return {
    name: model.name,
    points: OPERATING_POINTS,
    judge,
    time: async (text, origin) => {
      const input = inputOf(text, origin);
      const from = performance.now();
      await flags(forgetful, input, 'balanced');
      return { ms: performance.now() - from, stage: settledBy };
    },
    close: () => encoder.close(),
  };
}

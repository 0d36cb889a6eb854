import type { DetectorText } from '@bartizan/checks/text/injection/detector.ts';
import { EncoderRefused } from '@bartizan/checks/text/injection/model/encoder/refused.ts';
import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import { InjectionModelError } from '@bartizan/checks/text/injection/model/manifest.ts';
import { openInjectionDetector } from '@bartizan/checks/text/injection/model/open.ts';
import { judgeReading } from '@bartizan/checks/text/injection/score.ts';
import { readSegment } from '@bartizan/checks/text/normalise/index.ts';
import { DETECTOR_POINTS, type DetectorPoint } from '@bartizan/contracts';
import type { Answer, FromChild, Question, ToChild } from './protocol.ts';

/**
 * The process that runs two models beside each other over recorded texts: it has an empty environment, no key and no
 * database, and ends with the server that started it.
 */
type Judge = (text: DetectorText) => Promise<Answer>;

const parent = process.ppid;
/** From this score on the rules alone take a text for an attack. */
const RULES_ATTACK = 0.5;
const ATTEMPTS = 6;

function say(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

/** Nobody waits here as a request does: an encoder that is late on a busy machine, or went down, is asked again. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof EncoderRefused && error.refusal !== 'unusable';
      if (!passing || attempt >= ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * attempt));
    }
  }
}

const everywhere = (attack: boolean): Answer['attack'] =>
  Object.fromEntries(DETECTOR_POINTS.map((point) => [point, attack])) as Record<DetectorPoint, boolean>;

const byRules: Judge = async ({ rules }) => ({
  probability: null,
  attack: everywhere((rules?.score ?? 0) >= RULES_ATTACK),
  settled: false,
  ms: 0,
});

async function judgeOf(folder: string | null): Promise<Judge> {
  if (folder === null) return byRules;
  const model = loadModel(folder);
  const open = openInjectionDetector({ folder, log: { warn: () => undefined } });
  if (model === null || open === null) throw new InjectionModelError('there is no model where one should be');
  await patiently(open.warm);
  const { points } = model.manifest;
  return async (text) => {
    const began = performance.now();
    const [seen] = await patiently(() => open.detector.evidence([text]));
    if (seen === undefined) throw new Error('the detector answered nothing');
    const { probability, settled, origin } = seen;
    return {
      probability,
      attack: Object.fromEntries(
        DETECTOR_POINTS.map((point) => [
          point,
          settled !== 'harmless' && probability >= points[origin][point],
        ]),
      ) as Record<DetectorPoint, boolean>,
      settled: settled !== null,
      ms: performance.now() - began,
    };
  };
}

let live: Judge = byRules;
let candidate: Judge = byRules;

async function judge({ text, origin, kind }: Question): Promise<{ live: Answer; candidate: Answer } | null> {
  try {
    const segment = { index: 0, text, author: origin, kind };
    const reading = readSegment(segment);
    const asked = { segment, reading, rules: judgeReading(reading, { author: origin, strictness: 1 }) };
    return { live: await live(asked), candidate: await candidate(asked) };
  } catch {
    // What it says could quote the text; that neither model could judge it is what counts.
    return null;
  }
}

async function work(message: ToChild): Promise<void> {
  if (process.ppid !== parent) process.exit(0);
  if (message.type === 'judge') {
    say({ type: 'judged', id: message.id, both: await judge(message.question) });
    return;
  }
  for (const which of ['live', 'candidate'] as const) {
    try {
      const opened = await judgeOf(message[which]);
      if (which === 'live') live = opened;
      else candidate = opened;
    } catch (error) {
      say({ type: 'unusable', message: `the ${which} model does not run here: ${(error as Error).message}` });
      return;
    }
  }
  say({ type: 'ready' });
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToChild) => void work(message));

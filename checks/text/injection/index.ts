import { z } from 'zod';
import type { CheckResult } from '../../define.ts';
import { PASS, resultOf } from '../../define.ts';
import { readSegment } from '../normalise/index.ts';
import type { Segment, TextCheck, TextFinding, TextInput } from '../types.ts';
import { defineTextCheck } from '../types.ts';
import type { Detection, InjectionDetector } from './detector.ts';
import { EncoderRefused } from './model/encoder/refused.ts';
import { OPERATING_POINTS } from './model/manifest.ts';
import { injectionSamples } from './samples.ts';
import { judgeReading } from './score.ts';
import { withUnread } from './unread.ts';

export type { Detection, DetectorSettings, DetectorText, InjectionDetector } from './detector.ts';

const Config = z.object({
  strictness: z
    .number()
    .min(0.5)
    .max(1.5)
    .default(1)
    .describe('Above 1 finds more and errs more often, below 1 the other way round'),
  documents: z
    .boolean()
    .default(true)
    .describe('Also find texts that speak to the assistant from within documents and tool results'),
  operatingPoint: z
    .enum(OPERATING_POINTS)
    .default('balanced')
    .describe(
      'How many harmless texts the trained model may take for attacks: strict about 2 in 100, balanced 1 in 100, quiet 1 in 1,000',
    ),
  overload: z
    .enum(['deny', 'shed'])
    .default('deny')
    .describe(
      'When the trained model does not answer in time: deny counts the text as not judged, shed judges it by the rules and the fast stage alone',
    ),
  operatorText: z.boolean().default(false).describe('Judge the operator’s own instructions too'),
});
type Config = z.infer<typeof Config>;

/** Findings below this are noise and are not reported. */
const FLOOR = 0.3;

function wanted(segments: readonly Segment[], config: Config): readonly Segment[] {
  return segments.filter(
    (segment) =>
      (segment.author !== 'operator' || config.operatorText) &&
      (segment.author !== 'third_party' || config.documents),
  );
}

function byRules(segments: readonly Segment[], config: Config): TextFinding[] {
  const findings: TextFinding[] = [];
  for (const segment of segments) {
    const origin = { author: segment.author, strictness: config.strictness };
    const found = judgeReading(readSegment(segment), origin);
    if (found === null || found.score < FLOOR) continue;
    const { start, end, score, kind, message } = found;
    findings.push({ segment: segment.index, start, end, score, kind, message });
  }
  return findings;
}

async function detected(
  pending: Promise<readonly (Detection | null)[]>,
  expected: number,
  id: string,
): Promise<CheckResult<TextFinding>> {
  try {
    return answered(await pending, expected, id);
  } catch (error) {
    // Its message says why, and quotes nothing.
    if (error instanceof EncoderRefused) return { outcome: 'error', message: error.message };
    throw error;
  }
}

function answered(
  detections: readonly (Detection | null)[],
  expected: number,
  id: string,
): CheckResult<TextFinding> {
  if (detections.length !== expected) {
    return {
      outcome: 'error',
      message: `Detector ${id} answered ${detections.length} of ${expected} texts.`,
    };
  }
  const findings: TextFinding[] = [];
  for (const detection of detections) {
    if (detection === null) continue;
    if (!(detection.score >= 0 && detection.score <= 1)) {
      return { outcome: 'error', message: `Detector ${id} answered without a score.` };
    }
    if (detection.score >= FLOOR) findings.push(detection);
  }
  return resultOf(findings);
}

function withDetector(
  detector: InjectionDetector,
  segments: readonly Segment[],
  settings: {
    readonly config: Config;
    readonly signal: AbortSignal | undefined;
    readonly client: string | undefined;
  },
): CheckResult<TextFinding> | Promise<CheckResult<TextFinding>> {
  const { strictness, operatingPoint, overload } = settings.config;
  const texts = segments.map((segment) => {
    const reading = readSegment(segment);
    return { segment, reading, rules: judgeReading(reading, { author: segment.author, strictness }) };
  });
  const { signal, client } = settings;
  const answer = detector.detect(texts, { operatingPoint, overload, signal, client });
  return answer instanceof Promise
    ? detected(answer, texts.length, detector.id)
    : answered(answer, texts.length, detector.id);
}

/**
 * The injection check with or without a trained detector. Without one the rules decide and it answers at once; with one
 * the detector decides, to whom the rules are one sign among several. It answers at once where the detector does, and a
 * detector that fails makes the check fail rather than pass.
 */
export function createInjectionCheck(
  parts: { readonly detector?: InjectionDetector } = {},
): TextCheck<Config> {
  const { detector } = parts;
  return defineTextCheck({
    id: 'text/injection',
    title: 'Prompt injection and jailbreak',
    description:
      'Finds text that tries to override, replace or extract the assistant’s instructions, to free it of its rules, or to ' +
      'command it from within documents and tool results, in sixteen languages and through common disguises.',
    maps: [
      { framework: 'OWASP-LLM', edition: '2026', id: 'LLM01', name: 'Prompt Injection' },
      { framework: 'OWASP-ASI', edition: '2026', id: 'ASI01', name: 'Agent Goal Hijack' },
      { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0051', name: 'LLM Prompt Injection' },
      { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0054', name: 'LLM Jailbreak' },
      { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.018', name: 'Prompt Injection' },
      { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.015', name: 'Indirect Prompt Injection' },
    ],
    config: Config,
    samples: injectionSamples,
    actions: ['allow', 'flag', 'block'],
    directions: ['input', 'output'],
    defaults: {
      directions: ['input'],
      authors: ['user', 'third_party'],
      action: 'block',
      threshold: 0.5,
      coaching:
        'This looks like an attempt to change how the assistant works. Say what you need in your own words, and leave out passages that give the assistant orders.',
    },
    streaming: { mode: 'whole' },
    run: ({ segments, context }: TextInput, config: Config, signal?: AbortSignal) => {
      const judged = wanted(segments, config);
      if (judged.length === 0) return PASS;
      if (detector === undefined) return withUnread(resultOf(byRules(judged, config)), judged);
      const result = withDetector(detector, judged, { config, signal, client: context.client });
      return result instanceof Promise
        ? result.then((found) => withUnread(found, judged))
        : withUnread(result, judged);
    },
  });
}

/** The check by rules alone; answers synchronously. */
export const injectionCheck: TextCheck<Config> = createInjectionCheck();

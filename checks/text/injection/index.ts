import { z } from 'zod';
import type { CheckResult } from '../../define.ts';
import { PASS, resultOf } from '../../define.ts';
import { readSegment } from '../normalise/index.ts';
import type { Segment, TextCheck, TextFinding, TextInput } from '../types.ts';
import { defineTextCheck } from '../types.ts';
import type { DetectorScore, InjectionDetector, PlacedWindow } from './detector.ts';
import { windowsOf } from './detector.ts';
import { injectionSamples } from './samples.ts';
import { judgeReading } from './score.ts';

export type { DetectorScore, DetectorWindow, InjectionDetector } from './detector.ts';

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

/** The higher of the two views on each segment; the rules explain better, so they win a draw. */
function withScores(
  ruled: readonly TextFinding[],
  placed: readonly PlacedWindow[],
  scores: readonly DetectorScore[],
): TextFinding[] {
  const best = new Map(ruled.map((finding) => [finding.segment, finding]));
  placed.forEach((place, i) => {
    const score = scores[i]?.score ?? Number.NaN;
    if (!(score >= 0 && score <= 1)) throw new Error('The injection detector answered without a score.');
    if (score < FLOOR || score <= (best.get(place.segment)?.score ?? 0)) return;
    const { segment, start, end, window } = place;
    const buried = window.author === 'third_party';
    const kind = window.how.length > 0 ? 'obfuscated' : buried ? 'buried' : 'direct';
    best.set(segment, {
      segment,
      start,
      end,
      score,
      kind,
      message: 'The trained detector takes this text for an attack.',
    });
  });
  return [...best.values()];
}

async function withDetector(
  detector: InjectionDetector,
  segments: readonly Segment[],
  ruled: readonly TextFinding[],
): Promise<CheckResult<TextFinding>> {
  const placed = segments.flatMap((segment) => windowsOf(segment, readSegment(segment)));
  if (placed.length === 0) return resultOf(ruled);
  const scores = await detector.detect(placed.map(({ window }) => window));
  if (scores.length !== placed.length) {
    return {
      outcome: 'error',
      message: `Detector ${detector.id} answered ${scores.length} of ${placed.length} windows.`,
    };
  }
  return resultOf(withScores(ruled, placed, scores));
}

/**
 * The injection check with or without a trained detector. Without one it answers at once; with one it answers
 * with a promise, and a detector that fails makes the check fail rather than pass.
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
    run: ({ segments }: TextInput, config: Config) => {
      const judged = wanted(segments, config);
      if (judged.length === 0) return PASS;
      const ruled = byRules(judged, config);
      return detector === undefined ? resultOf(ruled) : withDetector(detector, judged, ruled);
    },
  });
}

/** The check by rules alone; answers synchronously. */
export const injectionCheck: TextCheck<Config> = createInjectionCheck();

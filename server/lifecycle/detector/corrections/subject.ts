import { hash } from 'node:crypto';
import type { GuardFinding, RecordedSegment } from '@bartizan/contracts';
import { MAX_CORRECTED_CHARS, TRIED_TEXT_DAYS } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { RecordBody } from '../../interactions/index.ts';
import type { Sight } from '../../sight.ts';
import type { DetectorPorts } from '../ports.ts';
import type { Corrected, Given } from './model.ts';

const CHECK = 'text/injection';
const DAY_MS = 86_400_000;
const ATTEMPTS = 5;
const PAUSE_MS = 1_000;

export interface SubjectDeps {
  readonly ports: Pick<DetectorPorts, 'interactions' | 'judge'>;
  /** Name of the model that was live at an instant. */
  readonly liveAt: (ms: number) => Promise<string>;
  readonly now: () => number;
}

const highest = (findings: readonly Pick<GuardFinding, 'score'>[]): number | null =>
  findings.length === 0 ? null : Math.max(...findings.map(({ score }) => score));

/** Of findings with a calibrated probability; null where none has one, as the rules have none. */
function likeliest(findings: readonly Pick<GuardFinding, 'probability'>[]): number | null {
  const known = findings.flatMap(({ probability }) => probability ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

function segmentOf(record: RecordBody, index: number): RecordedSegment & { author: 'user' | 'third_party' } {
  const found = record.segments.find((one) => one.direction === 'input' && one.index === index);
  if (!found) {
    throw new AppError('not_found', `the interaction has no input segment ${index}`, {
      hint: 'Count segments as the interaction shows them, from 0.',
    });
  }
  const { author } = found;
  if (author === 'user' || author === 'third_party') return { ...found, author };
  throw new AppError('invalid_input', `the injection check does not judge what the ${author} wrote`, {
    hint: 'Correct what a user or a third party wrote.',
    issues: [{ path: 'segment', message: `written by the ${author}` }],
  });
}

/** The kept text; where none is, what the caller brings, if it is the one. */
function textOf({ text, sha256 }: RecordedSegment, given: string | undefined): string {
  if (text !== null) {
    if (given === undefined || given === text) return text;
    throw new AppError('invalid_input', 'the text of this segment is kept: send none', {
      issues: [{ path: 'text', message: 'is not the kept text' }],
    });
  }
  if (given === undefined) {
    throw new AppError('conflict', 'the text of this segment was never stored, so it cannot be corrected', {
      hint: 'Whoever has the text can send it along as `text`: it is taken if it has the recorded digest.',
    });
  }
  if (hash('sha256', given, 'hex') === sha256) return given;
  throw new AppError('invalid_input', 'this is not the text of the segment', {
    hint: 'Its digest differs from the recorded one. Send the whole text, unchanged.',
    issues: [{ path: 'text', message: 'has another digest than was recorded' }],
  });
}

/** Finds out what a correction is about and what was thought of it. Shows nothing. */
export function createSubjects({ ports, liveAt, now }: SubjectDeps) {
  async function ofInteraction(
    given: Extract<Given, { of: 'interaction' }>,
    sight: Sight,
  ): Promise<Omit<Corrected, 'subject'>> {
    const record = await ports.interactions.record(given.interactionId, sight);
    const segment = segmentOf(record, given.segment);
    const text = textOf(segment, given.text);
    if (text === '' || text.length > MAX_CORRECTED_CHARS) {
      throw new AppError(
        'invalid_input',
        `only texts of 1 to ${MAX_CORRECTED_CHARS} characters are corrected`,
      );
    }
    const own = record.findings.filter(
      (finding) =>
        finding.check === CHECK && finding.direction === 'input' && finding.segment === segment.index,
    );
    return {
      text,
      origin: segment.author,
      segmentKind: segment.kind,
      interaction: {
        id: record.id,
        at: record.at,
        endpointId: record.endpointId,
        segment: segment.index,
      },
      judged: {
        verdict: record.verdict,
        score: highest(own),
        probability: likeliest(own),
        model: await liveAt(record.at),
      },
      expiresAt: record.expiresAt,
    };
  }

  /** The model's process starts with the first text after a while, which takes longer than a text may. */
  async function judgedNow(segment: Parameters<DetectorPorts['judge']>[0]) {
    for (let attempt = 1; ; attempt += 1) {
      const judged = await ports.judge(segment);
      if (judged.errors.length === 0) return judged;
      if (attempt >= ATTEMPTS) {
        throw new AppError('unavailable', 'the injection check could not judge this text just now', {
          hint: 'A correction keeps what the check thought of the text. Try again in a few seconds.',
          retryAfterMs: 3_000,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async function ofText(given: Extract<Given, { of: 'text' }>): Promise<Omit<Corrected, 'subject'>> {
    const { text, origin, segmentKind } = given;
    const judged = await judgedNow({ text, author: origin, kind: segmentKind });
    return {
      text,
      origin,
      segmentKind,
      interaction: null,
      judged: {
        verdict: judged.verdict,
        score: highest(judged.findings),
        probability: likeliest(judged.findings),
        model: await liveAt(now()),
      },
      expiresAt: now() + TRIED_TEXT_DAYS * DAY_MS,
    };
  }

  /** Throws `not_found` for what is not in sight. */
  return async (given: Given, sight: Sight, tagOf: (origin: string, text: string) => string) => {
    const found = await (given.of === 'interaction' ? ofInteraction(given, sight) : ofText(given));
    const textTag = tagOf(found.origin, found.text);
    const subject =
      found.interaction === null
        ? `text:${textTag}`
        : `interaction:${found.interaction.id}:${found.interaction.segment}`;
    return { ...found, subject, textTag };
  };
}

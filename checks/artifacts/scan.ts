import { setImmediate as turn } from 'node:timers/promises';
import { archiveCheck } from './archive/index.ts';
import { formatChecks } from './formats/catalogue.ts';
import { magicOf } from './formats/core/magic.ts';
import { probeText } from './formats/core/text.ts';
import { numpyCheck } from './numpy/index.ts';
import { type OutcomeBuilder, outcomeBuilder } from './outcome.ts';
import { pickleCheck } from './pickle/index.ts';
import { probe } from './source/bytes.ts';
import {
  type AnyArtifactCheck,
  type ArtifactInput,
  type ByteSource,
  DEFAULT_LIMITS,
  type Probe,
  type Recognition,
  type ScanContext,
  ScanFault,
  type ScanLimits,
  type ScanOutcome,
} from './types.ts';

const DISPATCH = 'artifacts/dispatch';
const MEMBERS_A_TURN = 32;

/** All artifact checks, in the order in which they are asked. */
export const artifactChecks: readonly AnyArtifactCheck[] = Object.freeze([
  ...([archiveCheck, numpyCheck, pickleCheck] as unknown as AnyArtifactCheck[]),
  ...formatChecks,
]);

export interface ScanOptions {
  readonly limits?: Partial<ScanLimits>;
  /** Called at least once per MiB; may throw to end the scan: what it throws is thrown on. */
  readonly checkpoint?: () => void;
  /** False leaves the numbers of the weights unread, which makes large files much quicker. */
  readonly weights?: boolean;
  /** Other files of the same model, see `ScanContext`; without it external data are not measured. */
  readonly beside?: NonNullable<ScanContext['beside']>;
  /** Told what was measured of the weights of the file, where it has any; those inside containers are not told. */
  readonly onWeights?: NonNullable<ScanContext['onWeights']>;
  /**
   * Told of findings as they are made, perhaps more than once; what the outcome holds counts, where there comes one.
   */
  readonly onFinding?: NonNullable<ScanContext['onFinding']>;
  /** The checks to ask; all there are where absent. */
  readonly checks?: readonly AnyArtifactCheck[];
}

/**
 * Judges one file by its content; its name is never looked at. Every check that recognises the file judges it, and
 * what containers hold is judged in the same way. Answers `errors` for what could not be judged. Throws only what
 * `checkpoint` or `source` throws.
 */
export async function scanArtifact(source: ByteSource, options: ScanOptions = {}): Promise<ScanOutcome> {
  const checks = options.checks ?? artifactChecks;
  const settings = { weights: options.weights ?? true };
  const configs = checks.map((check) => check.config.parse({ ...settings }));
  const scanMember = (member: ByteSource, context: ScanContext): Promise<ScanOutcome> =>
    dispatch(member, context, { checks, configs });
  return scanMember(source, {
    path: '',
    depth: 0,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    budget: { entries: 0, expandedBytes: 0, opcodes: 0, findings: 0 },
    checkpoint: options.checkpoint ?? (() => {}),
    ...(options.beside === undefined ? {} : { beside: options.beside }),
    ...(options.onWeights === undefined ? {} : { onWeights: options.onWeights }),
    ...(options.onFinding === undefined ? {} : { onFinding: options.onFinding }),
    scanMember,
  });
}

interface Rules {
  readonly checks: readonly AnyArtifactCheck[];
  readonly configs: readonly unknown[];
}

async function dispatch(source: ByteSource, context: ScanContext, rules: Rules): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  context.checkpoint();
  // Without a turn of the event loop, what native code holds is never given back, and nobody else gets to work.
  const { budget } = context;
  budget.members = (budget.members ?? 0) + 1;
  if (budget.members % MEMBERS_A_TURN === 1) await turn();
  if (context.depth > context.limits.depth) {
    outcome.fail({
      check: DISPATCH,
      message: `more than ${context.limits.depth} containers inside one another`,
      offset: 0,
    });
    return outcome.finish('unknown');
  }
  if (source.size === 0) {
    outcome.skip('empty');
    return outcome.finish('unknown');
  }
  try {
    return await ask(source, context, { rules, outcome });
  } catch (fault) {
    // Reading a member can fail because of what it holds.
    if (!(fault instanceof ScanFault)) throw fault;
    outcome.fail({ check: DISPATCH, message: fault.message, offset: fault.offset });
    return outcome.finish('unknown');
  }
}

async function ask(
  source: ByteSource,
  context: ScanContext,
  { rules, outcome }: { rules: Rules; outcome: OutcomeBuilder },
): Promise<ScanOutcome> {
  const seen = await probe(source);
  const answers: Answer[] = [];
  for (const [index, check] of rules.checks.entries()) {
    const recognition = check.recognise(seen);
    if (recognition === 'no') continue;
    const answer = await judgeBy(check, { source, context, recognition }, rules.configs[index]);
    answers.push({ ...answer, recognition });
  }
  const known = withoutChance(answers, context);
  for (const answer of known) outcome.include(answer);
  const format = (['yes', 'maybe'] as const)
    .flatMap((wanted) => known.filter(({ recognition }) => recognition === wanted))
    .find((answer) => answer.format !== 'unknown')?.format;
  if (format !== undefined) return outcome.finish(format);
  return outcome.finish(judgeUnknown(seen, outcome));
}

type Answer = ScanOutcome & { readonly recognition: Recognition };

/** A loader that stops this early has called nothing. */
const CHANCE_BYTES = 16;

/**
 * Leaves out what is there by chance only: that a file is not of a format, which says nothing about it, and that a
 * format whose mark it happens to begin with breaks off at once, where another one read the whole file.
 */
function withoutChance(answers: readonly Answer[], { path }: ScanContext): Answer[] {
  const isWhole = answers.some(
    ({ recognition, format, errors }) => recognition === 'yes' && format !== 'unknown' && errors.length === 0,
  );
  return answers.flatMap((answer) => {
    const { format, findings, errors, skipped } = answer;
    if (format === 'unknown') return { ...answer, skipped: skipped.filter((skip) => skip.path !== path) };
    const isChance =
      isWhole &&
      findings.length === 0 &&
      errors.length > 0 &&
      errors.every((error) => error.path === path && error.offset < CHANCE_BYTES);
    return isChance ? [] : answer;
  });
}

function judgeBy(
  check: AnyArtifactCheck,
  input: ArtifactInput & { readonly recognition: Recognition },
  config: unknown,
): Promise<ScanOutcome> {
  return check.judge(input as ArtifactInput, config as never);
}

/**
 * What no check knows: a program, an archive that is not opened, text that is no code, or nothing that anything
 * loads, which is skipped. That a check looked into the bytes and could not read them is no judgement.
 */
function judgeUnknown(seen: Probe, outcome: OutcomeBuilder): string {
  const magic = magicOf(seen.head);
  if (magic?.is === 'program') {
    outcome.find({
      check: DISPATCH,
      severity: 'medium',
      kind: 'embedded-payload',
      message: `This is ${magic.name}: it runs when it is started or loaded as a library.`,
      offset: 0,
      evidence: { capability: 'code' },
    });
  } else if (magic?.is === 'archive') {
    outcome.fail({ check: DISPATCH, message: `${magic.name} that cannot be opened here`, offset: 0 });
  } else if (magic?.format !== undefined) return magic.format;
  else if (probeText(seen) !== null) return 'text';
  else outcome.skip('no known format');
  return 'unknown';
}

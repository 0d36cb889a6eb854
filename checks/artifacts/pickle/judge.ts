import type { OutcomeBuilder } from '../outcome.ts';
import { memberContext, outcomeBuilder } from '../outcome.ts';
import { bytesSource, sliceSource } from '../source/bytes.ts';
import type { ArtifactInput, ByteSource, Probe, Recognition, ScanContext, ScanOutcome } from '../types.ts';
import { isAtLeast } from '../verdict.ts';
import { beginsAsPickle, nameInBroken } from './broken.ts';
import { judgePayload, payloadSource } from './embedded.ts';
import { findingOf, PICKLE_CHECK } from './findings.ts';
import type { Journal, PayloadCandidate, PickleEvent } from './journal.ts';
import { OPCODES } from './opcodes.ts';
import { compressionOf, hasPickleMark, isContainer } from './payload.ts';
import type { PickleEnd, PickleReader } from './stream.ts';
import { pickleReader } from './stream.ts';

/** The first pickle of `torch.save` before version 1.6: a magic number. */
const TORCH_MAGIC: readonly number[] = [
  0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
];
/** Magic number, version, system, model, storage keys; then the storages. */
const TORCH_PICKLES = 5;
const SEARCHED_TAIL = 1_048_576;
const MOST_TAIL_PICKLES = 64;
const MOST_TRIED = 200_000;

interface Reading {
  readonly source: ByteSource;
  readonly context: ScanContext;
  readonly outcome: OutcomeBuilder;
}

/** Where the pickles of a file end, and how. */
interface Series {
  readonly pickles: number;
  readonly last: PickleEnd;
  readonly isTorch: boolean;
}

const isMagic = (head: Uint8Array): boolean => TORCH_MAGIC.every((byte, index) => head[index] === byte);

/** Reads pickles one after another, as long as one begins where another ended. */
async function readSeries(reader: PickleReader, source: ByteSource): Promise<Series> {
  const isTorch = isMagic(await reader.peek(0, TORCH_MAGIC.length));
  let pickles = 0;
  let start = 0;
  for (;;) {
    const last = await reader.read(start);
    if (last.complete) pickles += 1;
    if (!last.complete || last.end >= source.size) return { pickles, last, isTorch };
    if (isTorch && pickles === TORCH_PICKLES) return { pickles, last, isTorch };
    start = last.end;
    if (!hasPickleMark(await reader.peek(start, 4))) return { pickles, last, isTorch };
  }
}

const isDangerous = ({ severity }: PickleEvent): boolean => isAtLeast(severity, 'high');

async function reportEvents({ source, outcome }: Reading, events: readonly PickleEvent[]): Promise<void> {
  for (const event of events) outcome.find(await findingOf(source, event));
}

async function reportPayload(reading: Reading, candidate: PayloadCandidate): Promise<void> {
  const { source, context, outcome } = reading;
  if (candidate.loaded !== 'known-loader') {
    const finding = await judgePayload(source, candidate, context);
    if (finding !== undefined) outcome.find(finding);
    return;
  }
  const inner = await payloadSource(source, candidate);
  if (inner === undefined) {
    outcome.fail({
      check: PICKLE_CHECK,
      message: 'content that is loaded is not known',
      offset: candidate.at,
    });
  } else
    outcome.include(await context.scanMember(inner, memberContext(context, `<data at ${candidate.at}>`)));
}

/** A payload that is handed to a deserialiser need not be reported a second time as data. */
function distinct(payloads: readonly PayloadCandidate[]): readonly PayloadCandidate[] {
  const handed = new Set(
    payloads.filter(({ loaded }) => loaded !== 'never').map(({ range }) => range?.offset ?? -1),
  );
  return payloads.filter(
    ({ loaded, range }) => loaded !== 'never' || range === undefined || !handed.has(range.offset),
  );
}

async function report(reading: Reading, journal: Journal): Promise<void> {
  await reportEvents(reading, journal.events());
  for (const candidate of distinct(journal.payloads)) await reportPayload(reading, candidate);
  if (journal.overflowed()) {
    reading.outcome.fail({ check: PICKLE_CHECK, message: 'more happens than is kept', offset: 0 });
  }
}

/** A context for trying out many places: each only a little way. */
const brief = (context: ScanContext): ScanContext => ({
  ...context,
  limits: { ...context.limits, opcodes: MOST_TRIED },
  budget: { ...context.budget, opcodes: 0 },
});

/** What another pickle in the bytes after the last one would do, wherever it begins. */
async function judgeTail(reading: Reading, from: number, frameEnd: number): Promise<void> {
  const { source, context, outcome } = reading;
  const rest = source.size - from;
  const tail = await source.read(from, Math.min(rest, SEARCHED_TAIL));
  const starts = [0];
  for (
    let at = tail.indexOf(0x80, 1);
    at >= 0 && starts.length < MOST_TAIL_PICKLES;
    at = tail.indexOf(0x80, at + 1)
  ) {
    const protocol = tail[at + 1] ?? 255;
    if (protocol >= 2 && protocol <= 5 && OPCODES[tail[at + 2] ?? 0] !== undefined) starts.push(at);
  }
  for (const start of starts) {
    const inner = sliceSource(source, from + start, rest - start);
    const reader = pickleReader(inner, start === 0 ? context : brief(context), { joblib: false });
    await reader.read(0);
    const event = reader.journal.events().find(isDangerous);
    if (event === undefined) continue;
    const { message, ...finding } = await findingOf(inner, event);
    outcome.find({
      ...finding,
      kind: 'embedded-payload',
      message: `After the last pickle there is another. ${message}`,
      offset: from + start + event.at,
    });
    return;
  }
  if (compressionOf(tail) !== undefined || isContainer(tail)) {
    const inner = sliceSource(source, from, rest);
    const found = await context.scanMember(inner, memberContext(context, '<behind the last pickle>'));
    outcome.include({ ...found, errors: [], skipped: [] });
  }
  if (tail.some((byte) => byte !== 0 && byte !== 10 && byte !== 13 && byte !== 32 && byte !== 9)) {
    outcome.find({
      check: PICKLE_CHECK,
      severity: frameEnd > from ? 'low' : 'info',
      kind: 'hidden-data',
      message:
        frameEnd > from
          ? `The pickle stops inside its own frame: ${rest} bytes are never read.`
          : `${rest} bytes follow the last pickle.`,
      offset: from,
      evidence: { details: { bytes: rest } },
    });
  }
}

/** Says why a loader would refuse the file, and what a broken one still holds. True where it breaks off. */
async function reportBreaks(
  { source, outcome }: Reading,
  reader: PickleReader,
  last: PickleEnd,
): Promise<boolean> {
  const flaw = reader.flaw();
  if (flaw !== undefined) {
    const message = `Python refuses this pickle: ${flaw.reason}. It was read on as loaders do that let it pass.`;
    outcome.fail({ check: PICKLE_CHECK, message, offset: flaw.at });
  }
  if (!last.complete) {
    outcome.fail({ check: PICKLE_CHECK, message: `Not a whole pickle: ${last.reason}.`, offset: last.end });
  }
  if ((flaw !== undefined || !last.complete) && !reader.journal.events().some(isDangerous)) {
    const finding = await nameInBroken(source);
    if (finding !== undefined) outcome.find(finding);
  }
  return !last.complete;
}

/** The file as joblib reads it, with array data between the opcodes. */
async function judgeJoblib(reading: Reading, plain: PickleReader): Promise<string> {
  const { source, context } = reading;
  const reader = tellingReader(source, context, true);
  const { last } = await readSeries(reader, source);
  await report(reading, reader.journal);
  const known = new Set(reader.journal.events().map(({ at }) => at));
  const others = plain.journal.events().filter((event) => isDangerous(event) && !known.has(event.at));
  await reportEvents(reading, others);
  if (!(await reportBreaks(reading, reader, last)) && last.end < source.size)
    await judgeTail(reading, last.end, reader.frameEnd());
  return 'joblib';
}

/** So many of the first looks are not spared; after them one each time a sixteenth more have been. */
const TELL_FIRST = 16;
const NO_BYTES = bytesSource(new Uint8Array());

/**
 * A reader that tells of what is dangerous while it still reads, without the bytes around it: a stream that nobody
 * can finish must not hide what it has done before.
 */
function tellingReader(source: ByteSource, context: ScanContext, joblib: boolean): PickleReader {
  const { onFinding, path } = context;
  if (onFinding === undefined) return pickleReader(source, context, { joblib });
  let looks = 0;
  let next = 0;
  const told = new Set<string>();
  const checkpoint = (): void => {
    context.checkpoint();
    looks += 1;
    if (looks < next) return;
    next = looks < TELL_FIRST ? looks + 1 : looks + Math.floor(looks / TELL_FIRST);
    const events = reader.journal.events().filter((event) => isDangerous(event) && judgesAnyway([event]));
    for (const event of events) {
      const name = `${event.at} ${event.what}`;
      if (told.has(name)) continue;
      told.add(name);
      void findingOf(NO_BYTES, event).then(
        (finding) => onFinding({ ...finding, path }),
        () => undefined,
      );
    }
  };
  const reader = pickleReader(source, { ...context, checkpoint }, { joblib });
  return reader;
}

/** Names that Python code could import; what stands behind a `c` in ordinary text is none. */
const NAMES = /^[\p{L}_][\p{L}\p{N}_.]*$/u;

/** For bytes that end before STOP and have no mark: whether they act before they break off. */
function judgesAnyway(events: readonly PickleEvent[]): boolean {
  return events.some(
    (event) =>
      (isDangerous(event) || event.what === 'call') &&
      (event.import === undefined || NAMES.test(event.import)),
  );
}

/** So few opcodes with so many other bytes behind them say nothing about a file without a mark. */
const CHANCE_OPCODES = 4;
const CHANCE_TAIL = 64;

/** Nothing was found that weighs anything, and nothing failed. */
function isQuiet(outcome: OutcomeBuilder): boolean {
  const { findings, errors } = outcome.finish('');
  return errors.length === 0 && findings.every(({ severity }) => severity === 'info');
}

export function recognisePickle({ head }: Probe): Recognition {
  if (hasPickleMark(head)) return 'yes';
  return OPCODES[head[0] ?? 0] === undefined ? 'no' : 'maybe';
}

/**
 * Judges a file of pickles by what loading them would do. Where the format is not sure, a file that is no whole pickle
 * and does nothing is skipped.
 */
export async function judgePickle({
  source,
  context,
  recognition = 'yes',
}: ArtifactInput): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  const reading = { source, context, outcome };
  const reader = tellingReader(source, context, false);
  const { pickles, last, isTorch } = await readSeries(reader, source);
  if (reader.parts() >= 0) return outcome.finish(await judgeJoblib(reading, reader));
  const isUnsure = pickles === 0 && recognition === 'maybe' && !reader.limited();
  const isNone = isUnsure && !beginsAsPickle(await source.read(0, Math.min(source.size, 256)), last.end);
  if (isNone && !judgesAnyway(reader.journal.events())) {
    outcome.skip('not a pickle');
    return outcome.finish('unknown');
  }
  // Two opcodes by chance, and then what is no pickle at all.
  const isChance =
    recognition === 'maybe' &&
    last.complete &&
    reader.opcodes() <= CHANCE_OPCODES &&
    source.size - last.end > CHANCE_TAIL;
  await report(reading, reader.journal);
  if (!(await reportBreaks(reading, reader, last)) && last.end < source.size && !isTorch) {
    await judgeTail(reading, last.end, reader.frameEnd());
  }
  if (isChance && isQuiet(outcome)) {
    outcome.skip('not a pickle');
    return outcome.finish('unknown');
  }
  return outcome.finish(isTorch ? 'torch-legacy' : 'pickle');
}

import { memberContext, outcomeBuilder } from '../outcome.ts';
import { sliceSource } from '../source/bytes.ts';
import type { ArtifactInput, ScanOutcome, Severity } from '../types.ts';
import { ScanFault } from '../types.ts';
import { ARCHIVE_CHECK, isUnsafePath } from './names.ts';
import { judgeContent } from './zip-content.ts';
import type { CentralEntry, LocalEntry, ZipDirectory } from './zip-records.ts';
import { localEntry, readBuffer, readDirectory } from './zip-records.ts';
import type { ZipScan, ZipView } from './zip-view.ts';
import { ENCRYPTED_BITS } from './zip-view.ts';

/** What zip readers use to tell that a size comes after the content. */
const DESCRIPTOR = 0x8;
const LOCAL_MARK = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);
const SEARCH_BYTES = 1_048_576;

function differ(
  { outcome }: Pick<ZipScan, 'outcome'>,
  severity: Severity,
  message: string,
  offset: number,
): void {
  outcome.find({ check: ARCHIVE_CHECK, severity, kind: 'container-mismatch', message, offset, evidence: {} });
}

/** Differences between what the directory and the local header say. */
function compare(scan: ZipScan, central: CentralEntry, local: LocalEntry): void {
  const shown = JSON.stringify(central.name.slice(0, 120));
  if (central.name !== local.name) {
    const other = JSON.stringify(local.name.slice(0, 120));
    differ(scan, 'high', `The entry ${shown} is called ${other} by its own header.`, local.at);
  }
  if (central.method !== local.method) {
    differ(scan, 'medium', `The two headers of ${shown} name different compressions.`, local.at);
  }
  const bits = (central.flags ^ local.flags) & ENCRYPTED_BITS;
  if (bits !== 0) differ(scan, 'medium', `Only one header of ${shown} marks it as encrypted.`, local.at);
  if ((local.flags & DESCRIPTOR) !== 0 && local.packed === 0) return;
  if (central.packed !== local.packed || central.size !== local.size) {
    differ(scan, 'medium', `The two headers of ${shown} name different sizes.`, local.at);
  }
  if (central.crc !== local.crc && local.crc !== 0) {
    differ(scan, 'low', `The two headers of ${shown} name different checksums.`, local.at);
  }
}

/** The readings of one entry that lead to different content. */
function viewsOf(central: CentralEntry, local: LocalEntry): ZipView[] {
  const { content } = local;
  const first: ZipView = { ...central, content };
  const open = (local.flags & DESCRIPTOR) !== 0 && local.packed === 0;
  const same = central.method === local.method && central.packed === local.packed;
  return open || same ? [first] : [first, { ...local, content }];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Entries of the directory with their local headers; reports what is missing, twice there or overlapping. */
async function judgeListed(scan: ZipScan, directory: ZipDirectory): Promise<Span[]> {
  const { source, context, outcome } = scan;
  const names = new Set<string>();
  const spans: Span[] = [];
  for (const central of directory.entries) {
    context.checkpoint();
    context.budget.entries += 1;
    if (context.budget.entries > context.limits.entries)
      throw new ScanFault('more entries than are followed', central.at);
    const shown = JSON.stringify(central.name.slice(0, 120));
    if (names.has(central.name)) differ(scan, 'medium', `Two entries are called ${shown}.`, central.at);
    names.add(central.name);
    if (isUnsafePath(central.name)) reportPath(scan, central.name, central.at);
    const local = await localEntry(source, central.local);
    if (local === undefined) {
      outcome.fail({
        check: ARCHIVE_CHECK,
        message: `The entry ${shown} has no header of its own.`,
        offset: central.at,
      });
      continue;
    }
    compare(scan, central, local);
    if (local.name !== central.name && isUnsafePath(local.name)) reportPath(scan, local.name, local.at);
    spans.push({ from: local.at, to: local.content + central.packed });
    for (const view of viewsOf(central, local)) await judgeContent(scan, view);
  }
  return spans.toSorted((a, b) => a.from - b.from);
}

function reportPath({ outcome }: ZipScan, name: string, offset: number): void {
  const message = `The entry ${JSON.stringify(name.slice(0, 120))} leads out of the folder that it is unpacked in.`;
  outcome.find({
    check: ARCHIVE_CHECK,
    severity: 'high',
    kind: 'unsafe-path',
    message,
    offset,
    evidence: {},
  });
}

/** Offsets of local headers from `from` to `to`. */
async function searchHeaders({ source, context }: ZipScan, { from, to }: Span): Promise<number[]> {
  const found: number[] = [];
  for (let offset = from; offset + 4 <= to && found.length < 1_000; offset += SEARCH_BYTES) {
    context.checkpoint();
    const window = await readBuffer(source, offset, Math.min(SEARCH_BYTES + 3, to - offset));
    for (let at = window.indexOf(LOCAL_MARK); at >= 0; at = window.indexOf(LOCAL_MARK, at + 1))
      found.push(offset + at);
  }
  return found;
}

/** Entries that only a reader of local headers sees: in the gaps between those that are listed. */
async function judgeHidden(scan: ZipScan, spans: readonly Span[], end: number): Promise<void> {
  let reached = 0;
  for (const span of [...spans, { from: end, to: end }]) {
    if (span.from < reached) differ(scan, 'medium', 'Entries overlap.', span.from);
    if (span.from - reached >= 30) {
      for (const at of await searchHeaders(scan, { from: reached, to: span.from }))
        await judgeUnlisted(scan, at, span.from);
    }
    reached = Math.max(reached, span.to);
  }
}

async function judgeUnlisted(scan: ZipScan, at: number, limit: number): Promise<void> {
  const local = await localEntry(scan.source, at);
  if (local === undefined || local.content > limit || local.name === '') return;
  scan.context.budget.entries += 1;
  const shown = JSON.stringify(local.name.slice(0, 120));
  differ(scan, 'medium', `The entry ${shown} is not in the directory.`, at);
  const open = (local.flags & DESCRIPTOR) !== 0 && local.packed === 0;
  const packed = open ? limit - local.content : Math.min(local.packed, scan.source.size - local.content);
  await judgeContent(scan, { ...local, packed, size: open ? -1 : local.size });
}

/** Bytes in front of the archive and behind it: what a reader of another format would take the file for. */
async function judgeSurroundings(scan: ZipScan, directory: ZipDirectory, first: number): Promise<void> {
  const { source, context, outcome } = scan;
  const after = directory.end + directory.comment;
  const pieces = [
    { from: 0, length: first, what: 'in front of' },
    { from: after, length: source.size - after, what: 'behind' },
  ];
  for (const { from, length, what } of pieces) {
    if (length <= 0) continue;
    outcome.find({
      check: ARCHIVE_CHECK,
      severity: 'low',
      kind: 'hidden-data',
      message: `${length} bytes lie ${what} the archive.`,
      offset: from,
      evidence: { details: { bytes: length } },
    });
    outcome.include(
      await context.scanMember(
        sliceSource(source, from, length),
        memberContext(context, `<${what} the archive>`),
      ),
    );
  }
}

function formatOf(names: readonly string[]): string {
  const isTorch = names.some((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (isTorch)
    return names.some((name) => /(?:^|\/)(?:constants\.pkl|code\/)/.test(name)) ? 'torchscript' : 'torch';
  return names.length > 0 && names.every((name) => name.endsWith('.npy')) ? 'numpy-zip' : 'zip';
}

/** The directory; undefined, with an error, where readers of it would fail. Some readers need none. */
async function directoryOf({ source, outcome }: ZipScan): Promise<ZipDirectory | undefined> {
  let message = 'The archive has no directory.';
  let offset = source.size;
  try {
    const directory = await readDirectory(source);
    if (directory !== undefined) return directory;
  } catch (fault) {
    if (!(fault instanceof ScanFault)) throw fault;
    ({ message, offset } = fault);
  }
  outcome.fail({ check: ARCHIVE_CHECK, message, offset });
  return undefined;
}

export interface ZipOptions {
  /** False when what lies around the archive is judged by another reading of the file. */
  readonly surroundings: boolean;
}

/** Judges a zip by both its readings: the directory at its end, and the header in front of each entry. */
export async function judgeZip(
  { source, context }: ArtifactInput,
  { surroundings }: ZipOptions = { surroundings: true },
): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  const scan: ZipScan = { source, context, outcome };
  const directory = await directoryOf(scan);
  if (directory === undefined) {
    await judgeHidden(scan, [], source.size);
    return outcome.finish('zip');
  }
  if (directory.twice) {
    differ(
      scan,
      'high',
      'The end record leads to two directories, by its offset and by its length.',
      directory.start,
    );
  }
  if (directory.entries.length !== directory.announced) {
    differ(scan, 'medium', 'The directory has another number of entries than it announces.', directory.start);
  }
  const spans = await judgeListed(scan, directory);
  const first = Math.min(spans[0]?.from ?? directory.start, directory.start);
  if (!surroundings) return outcome.finish('zip');
  await judgeSurroundings(scan, directory, first);
  await judgeHidden(scan, spans, directory.start);
  return outcome.finish(formatOf(directory.entries.map(({ name }) => name)));
}

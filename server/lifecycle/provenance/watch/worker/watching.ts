import {
  createDripMonitor,
  type DripAlarm,
  type DripDay,
  type DripState,
} from '@bartizan/checks/datasets/drift/index.ts';
import { standingsOf, WATCH_OPTIONS, type WatchMemory } from '../memory.ts';
import { addCounts, countRows, referenceOf, type WatchRows } from './counting.ts';

/** Rows from which a reference is read; with fewer, a share is no share. */
export const LEAST_HISTORY = 100;
const LEAST_BLOCK = 50;
/** The part of the history that only says what is counted; shares are learnt from the rest, as they will be watched. */
const REFERENCE_PART = 0.25;
const MOST_BLOCKS = 400;
/** Batches of one version; what comes after them is counted with the last. */
const MOST_BATCHES = 400;
const MOST_SOURCES = 12;
export const OTHERS = 'other sources';
export const NOT_NAMED = 'not named';
const NOTHING: DripState = { version: 1, streams: [] };

/** Rows that came together, in their order. */
interface Block {
  readonly name: string;
  readonly rows: Int32Array;
}

function batchesOf({ batch }: WatchRows, rows: Int32Array): readonly Block[] {
  if (batch === null) return [];
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const code = batch.codes[row] as number;
    const key = groups.has(code) || groups.size < MOST_BATCHES ? code : ([...groups.keys()].at(-1) as number);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].map(([code, own]) => ({
    name: batch.values[code]?.slice(0, 200).toWellFormed() ?? NOT_NAMED,
    rows: Int32Array.from(own),
  }));
}

/** The history in parts of about the size in which records will come, in their order. */
function partsOf(rows: Int32Array, size: number): readonly Block[] {
  const wanted = Math.floor((rows.length * (1 - REFERENCE_PART)) / WATCH_OPTIONS.learningDays);
  const block = Math.max(LEAST_BLOCK, Math.min(size, Math.max(wanted, size / 4)), rows.length / MOST_BLOCKS);
  const count = Math.max(1, Math.floor(rows.length / block));
  return Array.from({ length: count }, (_, at) => ({
    name: `part ${at + 1} of the history`,
    rows: rows.slice(Math.floor((at * rows.length) / count), Math.floor(((at + 1) * rows.length) / count)),
  }));
}

const nameOf = ({ source }: WatchRows, row: number): string =>
  source === null
    ? NOT_NAMED
    : (source.values[source.codes[row] as number]?.slice(0, 200).toWellFormed() ?? NOT_NAMED);

function bySource(
  data: WatchRows,
  rows: Int32Array,
  known: readonly string[],
): ReadonlyMap<string, Int32Array> {
  const names = new Set(known);
  const groups = Map.groupBy(rows, (row) => {
    const name = nameOf(data, row);
    return names.has(name) ? name : OTHERS;
  });
  return new Map([...groups].map(([name, own]) => [name, Int32Array.from(own)]));
}

function sourcesOf(data: WatchRows, rows: Int32Array, before: readonly string[]): readonly string[] {
  const tally = new Map<string, number>();
  for (const row of rows) {
    const name = nameOf(data, row);
    tally.set(name, (tally.get(name) ?? 0) + 1);
  }
  const order = [...tally].toSorted((a, b) => b[1] - a[1]).map(([name]) => name);
  return [...new Set([...before, ...order])].slice(0, MOST_SOURCES);
}

const middle = (sizes: readonly number[]): number =>
  sizes.toSorted((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0;

const MOST_LEFT_NAMED = 20;

/**
 * What is usual, from the accepted history: what is counted is read off its first quarter, and the shares are learnt from
 * the rest, batch by batch or, where no column tells batches, in parts of about `size` rows. Null for fewer than 100 rows.
 */
export function learn(
  data: WatchRows,
  rows: Int32Array,
  size: number,
): { readonly memory: WatchMemory; readonly notes: readonly string[] } | null {
  if (rows.length < LEAST_HISTORY) return null;
  const batches = batchesOf(data, rows);
  const blocks = batches.length > 1 ? batches : partsOf(rows, size);
  const first = Math.max(1, Math.floor(blocks.length * REFERENCE_PART));
  const { reference, left } = referenceOf(
    data,
    Int32Array.from(blocks.slice(0, first).flatMap((block) => [...block.rows])),
  );
  const sources = sourcesOf(data, rows, []);
  const days = blocks.slice(first).map((block) => bySource(data, block.rows, sources));
  const sizes = new Map<string, number[]>();
  for (const day of days)
    for (const [name, own] of day) sizes.set(name, [...(sizes.get(name) ?? []), own.length]);
  const chunk = Math.max(LEAST_BLOCK, middle(blocks.map((block) => block.rows.length)));
  const chunks = Object.fromEntries([...sizes].map(([name, all]) => [name, Math.max(1, middle(all))]));
  const monitor = createDripMonitor(WATCH_OPTIONS);
  for (const [day, groups] of days.entries())
    monitor.learn(
      [...groups].map(([source, own]) => ({
        day,
        source,
        counts: countRows(data, own, { reference, chunk: chunks[source] ?? chunk }),
      })),
    );
  const memory: WatchMemory = {
    version: 1,
    reference,
    chunks,
    chunk,
    sources,
    before: monitor.state(),
    today: null,
    day: Math.max(0, days.length - 1),
  };
  const more = left.length > MOST_LEFT_NAMED ? ` and ${left.length - MOST_LEFT_NAMED} more` : '';
  const notes =
    left.length === 0
      ? []
      : [`There is no room to count these columns: ${left.slice(0, MOST_LEFT_NAMED).join(', ')}${more}.`];
  return { memory, notes };
}

/** What the monitor says after a day. */
export interface Observed {
  readonly name: string;
  readonly day: number;
  readonly alarms: readonly DripAlarm[];
  readonly sources: readonly {
    readonly source: string;
    /** Of the day, with what came to it before. */
    readonly records: number;
    readonly evidence: number;
  }[];
}

function merged(before: readonly DripDay[], more: readonly DripDay[]): DripDay[] {
  const groups = Map.groupBy([...before, ...more], ({ source }) => source);
  return [...groups.values()].map((all) => ({
    ...(all[0] as DripDay),
    counts: addCounts(all.map(({ counts }) => counts)),
  }));
}

/** The memory with its newest day taken in. */
export function settled(memory: WatchMemory, falseAlarmsPerYear: number): DripState {
  if (memory.today === null) return memory.before;
  const monitor = createDripMonitor({ ...WATCH_OPTIONS, falseAlarmsPerYear }, memory.before);
  monitor.observe(memory.today.reports);
  return monitor.state();
}

interface Arrival {
  /** Records that are new with the version. */
  readonly rows: Int32Array;
  /** Name of the day where no column tells batches. */
  readonly date: string;
  readonly falseAlarmsPerYear: number;
}

/** Watches what a version brought, batch by batch. What comes to a day that is known already is counted with it. */
export function observe(
  memory: WatchMemory,
  data: WatchRows,
  { rows, date, falseAlarmsPerYear }: Arrival,
): { readonly memory: WatchMemory; readonly observed: readonly Observed[] } {
  const blocks = data.batch === null ? [{ name: date, rows }] : batchesOf(data, rows);
  const observed: Observed[] = [];
  let now: WatchMemory = { ...memory, sources: sourcesOf(data, rows, memory.sources) };
  for (const block of blocks.filter((each) => each.rows.length > 0)) {
    const same = now.today?.name === block.name ? now.today : null;
    const day = same?.day ?? now.day + 1;
    const before = same ? now.before : settled(now, falseAlarmsPerYear);
    const found = [...bySource(data, block.rows, now.sources)].map(([source, own]): DripDay => {
      const chunk = now.chunks[source] ?? now.chunk;
      return { day, source, counts: countRows(data, own, { reference: now.reference, chunk }) };
    });
    const reports = merged(same?.reports ?? [], found);
    const monitor = createDripMonitor({ ...WATCH_OPTIONS, falseAlarmsPerYear }, before);
    const alarms = monitor.observe(reports);
    const standing = new Map(standingsOf(monitor.state()).map((each) => [each.source, each.evidence]));
    observed.push({
      name: block.name,
      day,
      alarms,
      sources: reports.map(({ source, counts }) => ({
        source,
        records: counts[0]?.total ?? 0,
        evidence: standing.get(source) ?? 0,
      })),
    });
    now = { ...now, before, today: { name: block.name, day, reports }, day };
  }
  return { memory: now, observed };
}

/**
 * A source's evidence set to nothing, after its alarm was dealt with. `accept`: its usual shares too, which are learnt anew
 * from what comes next.
 */
export function dealtWith(
  memory: WatchMemory,
  { source, accept, falseAlarmsPerYear }: { source: string; accept: boolean; falseAlarmsPerYear: number },
): WatchMemory {
  const state = settled(memory, falseAlarmsPerYear);
  const kept = accept
    ? { ...state, streams: state.streams.filter((stream) => stream.source !== source) }
    : state;
  const monitor = createDripMonitor({ ...WATCH_OPTIONS, falseAlarmsPerYear }, kept);
  monitor.reset(source);
  const before = monitor.state();
  return { ...memory, before: before.streams.length === 0 ? NOTHING : before, today: null };
}

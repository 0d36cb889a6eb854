import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import {
  type ArtifactInput,
  defineArtifactCheck,
  PROBE_BYTES,
  type Probe,
  ScanFault,
  type Severity,
} from '../../types.ts';
import { cachedSource } from '../core/cached.ts';
import { judged } from '../core/judge.ts';
import { isMild, unsafePath } from '../core/paths.ts';
import { sampleInput } from '../core/sample.ts';
import { cut, utf8 } from '../core/text.ts';
import { judgeJson } from '../json/judge.ts';
import { parseJson } from '../json/parse.ts';
import { type Field, readFields } from '../protobuf/fields.ts';
import { MOST_PROBED, probeFields } from '../protobuf/probe.ts';
import { buildSavedModel } from './build.ts';

const CHECK = 'artifacts/tensorflow';
const MOST_TEXT_BYTES = 16 << 20;
const MOST_NODES = 10_000_000;

/** Operators that reach beyond the graph (tensorflow/core/ops). */
const OPERATORS: Readonly<Record<string, readonly [severity: Severity, capability: string, does: string]>> =
  Object.freeze({
    WriteFile: ['high', 'file', 'writes a file'],
    ReadFile: ['high', 'file', 'reads a file'],
    PyFunc: ['high', 'code', 'calls Python'],
    PyFuncStateless: ['high', 'code', 'calls Python'],
    EagerPyFunc: ['high', 'code', 'calls Python'],
    MatchingFiles: ['medium', 'file', 'lists files'],
    ReaderReadV2: ['medium', 'file', 'reads files'],
    ReaderRead: ['medium', 'file', 'reads files'],
    WholeFileReaderV2: ['medium', 'file', 'reads files'],
    FixedLengthRecordReaderV2: ['medium', 'file', 'reads files'],
    TextLineReaderV2: ['medium', 'file', 'reads files'],
    TextLineDataset: ['medium', 'file', 'reads files'],
    FixedLengthRecordDatasetV2: ['medium', 'file', 'reads files'],
    SaveDataset: ['medium', 'file', 'writes files'],
    SaveDatasetV2: ['medium', 'file', 'writes files'],
    LoadDataset: ['medium', 'file', 'reads files'],
    ImmutableConst: ['medium', 'file', 'maps a file'],
    DatasetToTFRecord: ['medium', 'file', 'writes a file'],
    WriteSummary: ['low', 'file', 'writes summaries'],
    CreateSummaryFileWriter: ['medium', 'file', 'writes files'],
    RpcCall: ['medium', 'network', 'calls another machine'],
    RpcClient: ['medium', 'network', 'calls another machine'],
    RpcServer: ['medium', 'network', 'serves other machines'],
    DataServiceDatasetV4: ['medium', 'network', 'fetches data'],
    DebugIdentity: ['low', 'network', 'may send tensors elsewhere'],
    DebugIdentityV2: ['low', 'file', 'may write tensors elsewhere'],
    DebugIdentityV3: ['low', 'network', 'may send tensors elsewhere'],
    TFERunCall: ['medium', 'code', 'runs another program'],
    XlaLaunch: ['info', 'code', 'runs compiled code'],
  });

type Kind = 'saved-model' | 'graph-def' | 'keras-metadata';

export const tensorflowCheck = defineArtifactCheck({
  id: CHECK,
  title: 'TensorFlow graphs',
  description:
    'Reads SavedModel, frozen graphs and Keras metadata with an own bounded protobuf reader: operators that touch files, the network or Python, in graphs and in functions; assets outside the folder; Keras layers of code.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'a matrix product',
      input: sampleInput(buildSavedModel(['Placeholder', 'MatMul'])),
      found: false,
    },
    {
      title: 'a graph that writes files',
      input: sampleInput(buildSavedModel(['Const', 'WriteFile'])),
      found: true,
    },
  ],
  recognise(probe) {
    const seen = kindOf(probe);
    return seen === null ? 'no' : seen.isSure ? 'yes' : 'maybe';
  },
  judge(input) {
    let sawNode = () => false;
    return judged(
      input,
      { check: CHECK, format: 'tensorflow', isCertain: () => sawNode() },
      async (outcome) => {
        const head = await input.source.read(0, PROBE_BYTES);
        const kind = kindOf({ head, tail: head, size: input.source.size })?.kind ?? 'saved-model';
        const walk = createWalk(input, outcome);
        sawNode = walk.sawNode;
        const whole = { start: 0, end: input.source.size };
        if (kind === 'saved-model') await walk.savedModel(whole, input.recognition === 'maybe');
        else if (kind === 'graph-def') await walk.graph(whole);
        else await walk.metadata(whole);
        walk.report();
        return input.recognition === 'maybe' && !walk.sawNode() ? 'unknown' : kind;
      },
    );
  },
});

interface Seen {
  readonly kind: Kind;
  /** False where other messages look like that too. */
  readonly isSure: boolean;
}

function kindOf(probe: Probe): Seen | null {
  const fields = probeFields(probe) ?? [];
  const [first] = fields;
  if (first === undefined) return null;
  const isVersioned = first.number === 1 && first.wire === 0 && first.varint <= 10;
  for (const [index, field] of fields.entries()) {
    if (field.wire !== 2) continue;
    const body = probe.head.subarray(field.offset, field.offset + Math.min(field.length, 4096));
    if (field.number === 2 && isMetaGraph(body)) {
      return {
        kind: 'saved-model',
        isSure: isVersioned && index === 1 && fields.every(({ number }) => number <= 2),
      };
    }
    const kind = field.number === 1 ? kindOfNode(texts(body)) : null;
    if (kind !== null) return { kind, isSure: index === 0 };
  }
  // Fields come in any order, unknown ones among them: the graph may lie behind what was seen.
  const { offset = 0, length = 0 } = fields.at(-1) ?? {};
  const isCut = fields.length >= MOST_PROBED || offset + length > probe.head.length;
  return isCut ? { kind: 'saved-model', isSure: false } : null;
}

function kindOfNode(inner: ReadonlyMap<number, string>): Kind | null {
  if (/^_tf_keras_\w{1,60}$/.test(inner.get(4) ?? '')) return 'keras-metadata';
  return /^[A-Za-z0-9.>][\w.>/\\-]{0,500}$/.test(inner.get(1) ?? '') &&
    /^[A-Z][A-Za-z0-9_>]{1,80}$/.test(inner.get(2) ?? '')
    ? 'graph-def'
    : null;
}

/** A MetaGraphDef begins with its MetaInfoDef, or its GraphDef, as a message of plausible length. */
function isMetaGraph(body: Uint8Array): boolean {
  const fields = probeFields({ head: body, tail: body, size: 2 ** 40 }, 2);
  const [first] = fields ?? [];
  if (first === undefined || first.wire !== 2 || first.number > 7) return false;
  const inner = body.subarray(first.offset, first.offset + first.length);
  const [inside] = probeFields({ head: inner, tail: inner, size: 2 ** 40 }, 1) ?? [];
  return inside !== undefined && inside.number <= 8 && inside.wire !== 1 && inside.wire !== 5;
}

/** The first text of each field of a small message. */
function texts(body: Uint8Array): Map<number, string> {
  const found = new Map<number, string>();
  for (const field of probeFields({ head: body, tail: body, size: 2 ** 40 }, 16) ?? []) {
    if (field.wire !== 2 || found.has(field.number)) continue;
    found.set(field.number, utf8(body.subarray(field.offset, field.offset + Math.min(field.length, 600))));
  }
  return found;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function createWalk(input: ArtifactInput, outcome: OutcomeBuilder) {
  const source = cachedSource(input.source);
  const { checkpoint } = input.context;
  const seen = new Map<string, { count: number; offset: number }>();
  let nodes = 0;
  let hasNode = false;
  const rangeOf = ({ offset, length }: Field): Range => ({ start: offset, end: offset + length });
  const fields = (range: Range) => readFields(source, range, checkpoint);
  const text = async ({ offset, length }: Field): Promise<string> => {
    if (length > MOST_TEXT_BYTES) throw new ScanFault(`a text of ${length} bytes`, offset);
    return utf8(await source.read(offset, length));
  };

  /** Calls what stands at a field number with each message there. */
  async function each(range: Range, visit: Readonly<Record<number, (range: Range) => Promise<void>>>) {
    for await (const field of fields(range)) {
      if (field.wire === 2) await visit[field.number]?.(rangeOf(field));
    }
  }

  async function node(range: Range): Promise<void> {
    nodes += 1;
    if (nodes > MOST_NODES) throw new ScanFault('too many nodes', range.start);
    for await (const field of fields(range)) {
      if (field.number !== 2 || field.wire !== 2 || field.length > 200) continue;
      const op = await text(field);
      if (/^[A-Z][\w>]{1,120}$/.test(op)) hasNode = true;
      const known = seen.get(op);
      if (known) known.count += 1;
      else if (Object.hasOwn(OPERATORS, op)) seen.set(op, { count: 1, offset: range.start });
    }
  }

  const library = (range: Range) => each(range, { 1: (inner) => each(inner, { 3: node }) });
  const graph = (range: Range) => each(range, { 1: node, 2: library });

  async function keras(field: Field): Promise<void> {
    const json = await text(field);
    if (!/^\s{0,100}\{/.test(json)) return;
    await judgeJson(parseJson(json).value, { context: input.context, outcome, offsetOf: () => field.offset });
  }

  async function jsonAt(range: Range, number: number): Promise<void> {
    for await (const field of fields(range)) {
      if (field.number === number && field.wire === 2) await keras(field);
    }
  }

  async function asset(range: Range): Promise<void> {
    for await (const field of fields(range)) {
      if (field.number !== 2 || field.wire !== 2) continue;
      const file = await text(field);
      const reason = unsafePath(file);
      if (reason === null) continue;
      outcome.find({
        check: CHECK,
        severity: isMild(reason) ? 'low' : 'high',
        kind: 'unsafe-path',
        message: `An asset lies at "${cut(file)}", which ${reason}.`,
        offset: field.offset,
        evidence: { capability: 'file' },
      });
    }
  }

  const objects = (range: Range) =>
    each(range, { 1: (object) => each(object, { 4: (user) => jsonAt(user, 3) }) });
  const metaGraph = (range: Range) => each(range, { 2: graph, 6: asset, 7: objects });

  return Object.freeze({
    sawNode: () => hasNode,
    graph,
    /** Where it may be a frozen graph as well, its nodes are looked at too. */
    savedModel: (range: Range, orGraph: boolean) =>
      each(range, orGraph ? { 1: node, 2: metaGraph } : { 2: metaGraph }),
    metadata: (range: Range) => each(range, { 1: (object) => jsonAt(object, 5) }),
    report() {
      for (const [op, { count, offset }] of seen) {
        const rule = OPERATORS[op];
        if (rule === undefined) continue;
        const [severity, capability, does] = rule;
        outcome.find({
          check: CHECK,
          severity,
          kind: 'executes-on-use',
          message: `The operator ${op} ${does}${count > 1 ? ` (${count} times)` : ''}.`,
          offset,
          evidence: { capability, details: { operator: op, times: count } },
        });
      }
    },
  });
}

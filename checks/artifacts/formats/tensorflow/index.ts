import { z } from 'zod';
import type { OutcomeBuilder } from '../../outcome.ts';
import {
  type ArtifactInput,
  defineArtifactCheck,
  type Probe,
  ScanFault,
  type Severity,
} from '../../types.ts';
import { cachedSource } from '../core/cached.ts';
import { judged } from '../core/judge.ts';
import { MODEL_FILE_MAPS } from '../core/maps.ts';
import { isMild, unsafePath } from '../core/paths.ts';
import { sampleInput } from '../core/sample.ts';
import { cut, utf8 } from '../core/text.ts';
import { judgeJson } from '../json/judge.ts';
import { parseJson } from '../json/parse.ts';
import { type Field, readFields } from '../protobuf/fields.ts';
import { probeFields } from '../protobuf/probe.ts';
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
  recognise: (probe) => (kindOf(probe) === null ? 'no' : 'yes'),
  judge: (input) => {
    let kind: Kind | null = null;
    return judged(input, { check: CHECK, format: 'tensorflow' }, async (outcome) => {
      const head = await input.source.read(0, 66_000);
      kind = kindOf({ head, tail: head, size: input.source.size });
      const walk = createWalk(input, outcome);
      const whole = { start: 0, end: input.source.size };
      if (kind === 'saved-model') await walk.savedModel(whole);
      else if (kind === 'graph-def') await walk.graph(whole);
      else await walk.metadata(whole);
      walk.report();
      return kind ?? 'unknown';
    });
  },
});

function kindOf(probe: Probe): Kind | null {
  const fields = probeFields(probe);
  const [first, second] = fields ?? [];
  if (fields === null || first === undefined) return null;
  const body = (field: Field) =>
    probe.head.subarray(field.offset, field.offset + Math.min(field.length, 4096));
  const isSavedModel =
    first.number === 1 && first.wire === 0 && first.varint <= 10 && second?.number === 2 && second.wire === 2;
  if (isSavedModel) return isMetaGraph(body(second)) ? 'saved-model' : null;
  // A SavedModel without a version, or with its graph first.
  if (first.number === 2 && first.wire === 2 && isMetaGraph(body(first))) return 'saved-model';
  if (first.number !== 1 || first.wire !== 2) return null;
  const inner = texts(body(first));
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
    graph,
    savedModel: (range: Range) => each(range, { 2: metaGraph }),
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

import { type ByteSource, ScanFault } from '../../types.ts';
import { utf8 } from '../core/text.ts';
import { type Field, readFields } from '../protobuf/fields.ts';

/** A part of the file. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly offset: number;
  /** How many graphs it lies in, 1 for the main one. */
  readonly depth: number;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  /** The bytes of the numbers: raw data or packed floats; null where they lie elsewhere or in another field. */
  readonly raw: Range | null;
  /** Whole numbers in a field of their own (packed varints); null where there are none. */
  readonly varints: Range | null;
  readonly isExternal: boolean;
  readonly external: readonly (readonly [key: string, value: string])[];
  readonly offset: number;
}

export type GraphKind = 'main' | 'inner' | 'function' | 'training';

export interface OnnxVisitor {
  readonly node: (node: OnnxNode) => void;
  /** `isAttribute` of a node (the last one met), else an initialiser of the graph. */
  readonly tensor: (tensor: OnnxTensor, isAttribute: boolean) => void;
  readonly function: (name: string, domain: string, offset: number) => void;
  readonly opset: (domain: string, version: number) => void;
  /** A declared input or output of the graph that is walked; `dims` are -1 where unknown. */
  readonly value?: (kind: 'input' | 'output', name: string, type: number, dims: readonly number[]) => void;
  /** A graph begins or ends: the main one, one inside the node just met, or one of a function or for training. */
  readonly enter?: (kind: GraphKind) => void;
  readonly leave?: () => void;
  /** Descriptions and metadata. */
  readonly text: (where: string, text: string, offset: number) => void;
}

const MOST_DEPTH = 48;
const MOST_NODES = 5_000_000;
const MOST_NAME_BYTES = 1 << 20;
const MOST_TEXT_BYTES = 8 << 20;
const MOST_IO = 10_000;

/** Field numbers of onnx.proto (IR version 12) that hold what is looked at. */
export interface OnnxWalk {
  readonly model: () => Promise<void>;
  readonly sawGraph: () => boolean;
  /** True once a node with an operator's name was met: other messages have no such thing. */
  readonly sawNode: () => boolean;
}

/** Walks a ModelProto field by field; what it meets goes to `visitor`. Throws `ScanFault`. */
export function createWalk(source: ByteSource, visitor: OnnxVisitor, checkpoint: () => void): OnnxWalk {
  let nodes = 0;
  let hasGraph = false;
  let hasNode = false;
  const fields = (range: Range) => readFields(source, range, checkpoint);
  const rangeOf = ({ offset, length }: Field): Range => ({ start: offset, end: offset + length });

  async function text(field: Field, most = MOST_NAME_BYTES): Promise<string> {
    if (field.length > most) throw new ScanFault(`a text of ${field.length} bytes`, field.offset);
    return utf8(await source.read(field.offset, field.length));
  }

  async function describe(where: string, field: Field): Promise<void> {
    if (field.length > MOST_TEXT_BYTES) throw new ScanFault(`a text of ${field.length} bytes`, field.offset);
    visitor.text(where, await text(field, MOST_TEXT_BYTES), field.offset);
  }

  async function pair(range: Range): Promise<readonly [string, string]> {
    let key = '';
    let value = '';
    for await (const field of fields(range)) {
      if (field.number === 1 && field.wire === 2) key = await text(field);
      if (field.number === 2 && field.wire === 2) value = await text(field, MOST_TEXT_BYTES);
    }
    return [key, value];
  }

  async function tensor(range: Range, isAttribute: boolean): Promise<void> {
    let name = '';
    let type = 0;
    let raw: Range | null = null;
    let varints: Range | null = null;
    let isExternal = false;
    const dims: number[] = [];
    const external: (readonly [string, string])[] = [];
    for await (const field of fields(range)) {
      const { number, wire } = field;
      if (number === 1 && wire === 0 && dims.length < 64) dims.push(field.varint);
      else if (number === 1 && wire === 2) dims.push(...(await packed(field)));
      else if (number === 2 && wire === 0) type = field.varint;
      else if (number === 8 && wire === 2) name = await text(field);
      else if ((number === 9 || number === 4 || number === 10) && wire === 2) raw = rangeOf(field);
      else if ((number === 5 || number === 7) && wire === 2) varints = rangeOf(field);
      else if (number === 13 && wire === 2) external.push(await pair(rangeOf(field)));
      else if (number === 14 && wire === 0) isExternal = field.varint === 1;
      else if (number === 12 && wire === 2) await describe('doc_string of a tensor', field);
      if (external.length > 1000) throw new ScanFault('too many places of external data', field.offset);
    }
    const found = { name, type, dims, raw, varints, isExternal, external, offset: range.start };
    visitor.tensor(found, isAttribute);
  }

  async function packed(field: Field): Promise<number[]> {
    if (field.length > 640) throw new ScanFault('a tensor of too many dimensions', field.offset);
    const bytes = await source.read(field.offset, field.length);
    const values: number[] = [];
    let value = 0;
    let scale = 1;
    for (const byte of bytes) {
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte >= 0x80) continue;
      values.push(value);
      value = 0;
      scale = 1;
    }
    return values;
  }

  async function attribute(range: Range, depth: number): Promise<void> {
    for await (const field of fields(range)) {
      if (field.wire !== 2) continue;
      if (field.number === 5 || field.number === 10) await tensor(rangeOf(field), true);
      else if (field.number === 6 || field.number === 11) await graph(rangeOf(field), depth + 1, 'inner');
      else if (field.number === 22 || field.number === 23) await sparse(rangeOf(field), true);
      else if (field.number === 4)
        visitor.text('attribute', await text(field, MOST_TEXT_BYTES), field.offset);
    }
  }

  async function sparse(range: Range, isAttribute: boolean): Promise<void> {
    for await (const field of fields(range)) {
      if (field.wire === 2 && (field.number === 1 || field.number === 2))
        await tensor(rangeOf(field), isAttribute);
    }
  }

  async function node(range: Range, depth: number): Promise<void> {
    nodes += 1;
    if (nodes > MOST_NODES) throw new ScanFault(`more than ${MOST_NODES} nodes`, range.start);
    let [op, domain, name] = ['', '', ''];
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes: Range[] = [];
    for await (const field of fields(range)) {
      if (field.wire !== 2) continue;
      if (field.number === 1 && inputs.length < MOST_IO) inputs.push(await text(field));
      else if (field.number === 2 && outputs.length < MOST_IO) outputs.push(await text(field));
      else if (field.number === 3) name = await text(field);
      else if (field.number === 4) op = await text(field);
      else if (field.number === 5) attributes.push(rangeOf(field));
      else if (field.number === 6) await describe('doc_string of a node', field);
      else if (field.number === 7) domain = await text(field);
    }
    if (/^[A-Za-z_][\w.:]{0,200}$/.test(op)) hasNode = true;
    visitor.node({ op, domain, name, inputs, outputs, offset: range.start, depth });
    for (const each of attributes) await attribute(each, depth);
  }

  /** ValueInfoProto: its name, and element type and dimensions where it is a tensor. */
  async function value(kind: 'input' | 'output', range: Range): Promise<void> {
    if (visitor.value === undefined) return;
    let name = '';
    let type = 0;
    const dims: number[] = [];
    for await (const field of fields(range)) {
      if (field.number === 1 && field.wire === 2) name = await text(field);
      if (field.number !== 2 || field.wire !== 2) continue;
      for await (const tensorType of fields(rangeOf(field))) {
        if (tensorType.number !== 1 || tensorType.wire !== 2) continue;
        for await (const part of fields(rangeOf(tensorType))) {
          if (part.number === 1 && part.wire === 0) type = part.varint;
          if (part.number === 2 && part.wire === 2) dims.push(...(await shape(rangeOf(part))));
        }
      }
    }
    visitor.value(kind, name, type, dims);
  }

  async function shape(range: Range): Promise<number[]> {
    const dims: number[] = [];
    for await (const dim of fields(range)) {
      if (dim.number !== 1 || dim.wire !== 2 || dims.length >= 64) continue;
      let size = -1;
      for await (const field of fields(rangeOf(dim)))
        if (field.number === 1 && field.wire === 0) size = field.varint;
      dims.push(size);
    }
    return dims;
  }

  async function graph(range: Range, depth: number, kind: GraphKind): Promise<void> {
    if (depth > MOST_DEPTH) throw new ScanFault('graphs nested too deep', range.start);
    hasGraph = true;
    visitor.enter?.(kind);
    for await (const field of fields(range)) {
      if (field.wire !== 2) continue;
      if (field.number === 1) await node(rangeOf(field), depth);
      else if (field.number === 5) await tensor(rangeOf(field), false);
      else if (field.number === 11) await value('input', rangeOf(field));
      else if (field.number === 12) await value('output', rangeOf(field));
      else if (field.number === 15) await sparse(rangeOf(field), false);
      else if (field.number === 10) await describe('doc_string of the graph', field);
    }
    visitor.leave?.();
  }

  async function functionProto(range: Range): Promise<void> {
    let [name, domain] = ['', ''];
    visitor.enter?.('function');
    for await (const field of fields(range)) {
      if (field.wire !== 2) continue;
      if (field.number === 1) name = await text(field);
      else if (field.number === 10) domain = await text(field);
      else if (field.number === 7) await node(rangeOf(field), 1);
      else if (field.number === 11) await attribute(rangeOf(field), 1);
    }
    visitor.leave?.();
    visitor.function(name, domain, range.start);
  }

  async function opset(range: Range): Promise<void> {
    let domain = '';
    let version = 0;
    for await (const field of fields(range)) {
      if (field.number === 1 && field.wire === 2) domain = await text(field);
      if (field.number === 2 && field.wire === 0) version = field.varint;
    }
    visitor.opset(domain, version);
  }

  async function training(range: Range): Promise<void> {
    for await (const field of fields(range)) {
      if (field.wire === 2 && (field.number === 1 || field.number === 2))
        await graph(rangeOf(field), 1, 'training');
    }
  }

  async function model(): Promise<void> {
    for await (const field of fields({ start: 0, end: source.size })) {
      if (field.wire !== 2) continue;
      const range = rangeOf(field);
      if (field.number === 7) await graph(range, 1, 'main');
      else if (field.number === 8) await opset(range);
      else if (field.number === 20) await training(range);
      else if (field.number === 25) await functionProto(range);
      else if (field.number === 6) await describe('doc_string of the model', field);
      else if (field.number === 14) {
        const [key, value] = await pair(range);
        visitor.text(`metadata "${key.slice(0, 80)}"`, value, field.offset);
      }
    }
  }

  return Object.freeze({ model, sawGraph: () => hasGraph, sawNode: () => hasNode });
}

import type { OnnxNode, OnnxTensor, OnnxVisitor } from './walk.ts';

/** A value that nodes give and take: numbered over the whole model. */
export interface Value {
  readonly name: string;
  /** Number of the node that gives it; -1 for inputs, constants and names that nobody gives. */
  producer: number;
  readonly consumers: number[];
  readonly constant: OnnxTensor | null;
  /** Declared input of the main graph. */
  readonly input: { readonly type: number; readonly dims: readonly number[] } | null;
}

export interface GraphNode {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly offset: number;
  readonly inputs: readonly number[];
  /** Results of the graphs inside it (branches, loop bodies). */
  readonly inner: readonly number[];
  readonly outputs: readonly number[];
}

/** The main graph with the graphs inside it laid open: what a branch gives is an input of its `If`. */
export interface ModelGraph {
  readonly nodes: readonly GraphNode[];
  readonly values: readonly Value[];
  readonly outputs: readonly number[];
}

/** Larger graphs are not looked through. */
export const MOST_NODES = 200_000;

interface Scope {
  readonly parent: Scope | null;
  readonly names: Map<string, number>;
  readonly node: RawNode | null;
  readonly inputs: string[];
  readonly outputs: string[];
}

interface RawNode {
  readonly node: OnnxNode;
  readonly scope: Scope;
  readonly inner: Scope[];
  constant: OnnxTensor | null;
}

/** Gathers the graph while a model is walked; `finish` answers null where it is too large. */
export function createGraphReader() {
  const raw: RawNode[] = [];
  const values: Value[] = [];
  let scope: Scope | null = null;
  let main: Scope | null = null;
  let current: RawNode | null = null;
  /** Functions and training graphs are counted out: nodes in them are not part of the main graph. */
  let outside = 0;

  function define(where: Scope, name: string, more: Partial<Pick<Value, 'constant' | 'input'>> = {}): number {
    const known = where.names.get(name);
    if (known !== undefined && more.constant === undefined && more.input === undefined) return known;
    // An initialiser that is declared as an input too can be replaced by the caller, but is a constant by default.
    const before = known === undefined ? undefined : values[known];
    const value: Value = {
      name,
      producer: before?.producer ?? -1,
      consumers: before?.consumers ?? [],
      constant: more.constant ?? before?.constant ?? null,
      input: more.input ?? before?.input ?? null,
    };
    if (known !== undefined) {
      values[known] = value;
      return known;
    }
    values.push(value);
    where.names.set(name, values.length - 1);
    return values.length - 1;
  }

  const visitor: Pick<OnnxVisitor, 'node' | 'tensor' | 'value' | 'enter' | 'leave'> = {
    enter(kind) {
      if (outside > 0 || kind === 'function' || kind === 'training') {
        outside += 1;
        return;
      }
      const opened: Scope = {
        parent: scope,
        names: new Map(),
        node: kind === 'inner' ? current : null,
        inputs: [],
        outputs: [],
      };
      if (kind === 'main' && main === null) main = opened;
      if (kind === 'inner') current?.inner.push(opened);
      scope = opened;
    },
    leave() {
      if (outside > 0) {
        outside -= 1;
        return;
      }
      current = scope?.node ?? null;
      scope = scope?.parent ?? null;
    },
    value(kind, name, type, dims) {
      if (outside > 0 || scope === null) return;
      if (kind === 'output') scope.outputs.push(name);
      else {
        scope.inputs.push(name);
        define(scope, name, scope === main ? { input: { type, dims } } : {});
      }
    },
    node(node) {
      if (outside > 0 || scope === null || raw.length > MOST_NODES) return;
      current = { node, scope, inner: [], constant: null };
      raw.push(current);
      for (const output of node.outputs) if (output !== '') define(scope, output);
    },
    tensor(tensor, isAttribute) {
      if (outside > 0 || scope === null) return;
      if (!isAttribute) define(scope, tensor.name, { constant: tensor });
      else if (current !== null) current.constant ??= tensor;
    },
  };

  function resolve(from: Scope, name: string): number {
    for (let at: Scope | null = from; at !== null; at = at.parent) {
      const found = at.names.get(name);
      if (found !== undefined) return found;
    }
    return define(from, name);
  }

  return Object.freeze({
    visitor,
    finish(): ModelGraph | null {
      if (main === null || raw.length > MOST_NODES) return null;
      const nodes: GraphNode[] = [];
      const add = (node: GraphNode) => {
        const number = nodes.push(node) - 1;
        for (const input of [...node.inputs, ...node.inner]) values[input]?.consumers.push(number);
        for (const output of node.outputs) {
          const value = values[output];
          if (value !== undefined && value.producer < 0) value.producer = number;
        }
      };
      for (const { node, scope: where, inner, constant } of raw) {
        const { op, domain, name, offset } = node;
        const inputs = node.inputs.flatMap((input) => (input === '' ? [] : [resolve(where, input)]));
        const outputs = node.outputs.flatMap((output) => (output === '' ? [] : [resolve(where, output)]));
        if (op === 'Constant') {
          for (const output of outputs) setConstant(values, output, constant);
          continue;
        }
        // What a loop hands to its body.
        const handed = inner.flatMap((body) => body.inputs.map((input) => resolve(body, input)));
        if (handed.length > 0) add({ op: 'Carry', domain, name, offset, inputs, inner: [], outputs: handed });
        const results = inner.flatMap((body) => body.outputs.map((output) => resolve(body, output)));
        add({ op, domain, name, offset, inputs, inner: results, outputs });
      }
      return { nodes, values, outputs: (main as Scope).outputs.map((name) => resolve(main as Scope, name)) };
    },
  });
}

const NO_TENSOR: OnnxTensor = Object.freeze({
  name: '',
  type: 0,
  dims: [],
  raw: null,
  varints: null,
  isExternal: false,
  external: [],
  offset: 0,
});

function setConstant(values: Value[], at: number, constant: OnnxTensor | null): void {
  const value = values[at];
  if (value !== undefined) values[at] = { ...value, constant: constant ?? NO_TENSOR };
}

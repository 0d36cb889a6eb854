import type { OutcomeBuilder } from '../../outcome.ts';
import { cut } from '../core/text.ts';
import type { OnnxNode } from './walk.ts';

const CHECK = 'artifacts/onnx';
const STANDARD = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview.training',
  'ai.onnx.preview',
]);
/** Operators that come with ONNX Runtime and its extensions. */
const RUNTIME =
  /^(?:com\.microsoft(?:\.[a-z0-9_.]{1,40})?|ai\.onnx\.contrib|org\.pytorch\.aten|com\.ms\.internal\.nhwc|pkg\.onnxscript\.[a-z0-9_.]{1,60})$/;
/** Operators that run Python, whatever library registers them. */
const PYTHON = /^(?:PyOp|PyCustomOp\w{0,40}|PythonOp|PythonOpGrad|PyFunc)$/;
const CONTROL = new Set(['If', 'Loop', 'Scan']);
const COMPARES = new Set(['Equal', 'Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual', 'IsNaN', 'IsInf']);
const MOST_NAMES = 2_000;
const MOST_TRACKED = 1_000_000;

/** Gathers what is worth saying about a whole graph while its nodes go by. */
export function createGraphNotes() {
  const counts = new Map<string, { count: number; offset: number }>();
  const own = new Set<string>();
  const declared = new Map<string, number>();
  /** Outputs of comparisons, and of what merely passes them on. */
  const compared = new Map<string, string>();
  let gates = 0;

  function control(node: OnnxNode, outcome: OutcomeBuilder): void {
    const from = node.inputs.map((name) => compared.get(name)).find((op) => op !== undefined);
    if (COMPARES.has(node.op) && compared.size < MOST_TRACKED) {
      for (const output of node.outputs) compared.set(output, node.op);
    } else if (
      from !== undefined &&
      /^(?:Cast|Not|And|Or|ReduceMin|ReduceMax|Squeeze|Reshape|Identity)$/.test(node.op)
    ) {
      for (const output of node.outputs) if (compared.size < MOST_TRACKED) compared.set(output, from);
    } else if (from !== undefined && (node.op === 'If' || node.op === 'Where') && gates < 20) {
      gates += 1;
      outcome.find({
        check: CHECK,
        severity: 'info',
        kind: 'note',
        message: `What "${cut(node.name || node.op, 80)}" (${node.op}) gives depends on a comparison (${from}).`,
        offset: node.offset,
        evidence: { details: { op: node.op, comparison: from } },
      });
    }
  }

  return Object.freeze({
    node(node: OnnxNode, outcome: OutcomeBuilder) {
      const key = `${node.domain}\0${node.op}`;
      const seen = counts.get(key);
      if (seen) seen.count += 1;
      else if (counts.size < MOST_NAMES) counts.set(key, { count: 1, offset: node.offset });
      control(node, outcome);
    },
    function(name: string, domain: string, _offset: number) {
      if (own.size < MOST_NAMES) own.add(`${domain}\0${name}`);
    },
    opset(domain: string, version: number) {
      if (declared.size < MOST_NAMES) declared.set(domain, version);
    },
    report(outcome: OutcomeBuilder) {
      for (const [key, { count, offset }] of counts) {
        const [domain = '', op = ''] = key.split('\0');
        const evidence = { details: { operator: cut(op, 80), domain: cut(domain, 80), times: count } };
        const base = { check: CHECK, offset, evidence };
        if (PYTHON.test(op) && !own.has(key)) {
          outcome.find({
            ...base,
            severity: 'high',
            kind: 'executes-on-use',
            message: `The operator ${domain}::${op} runs Python.`,
          });
        } else if (!STANDARD.has(domain) && !RUNTIME.test(domain) && !own.has(key)) {
          outcome.find({
            ...base,
            severity: 'low',
            kind: 'unknown-import',
            message: `The operator ${cut(domain, 80)}::${cut(op, 80)} needs a library from elsewhere.`,
          });
        } else if (CONTROL.has(op) && STANDARD.has(domain)) {
          outcome.find({
            ...base,
            severity: 'info',
            kind: 'note',
            message: `Control flow: ${op} (${count}).`,
          });
        }
      }
      if (own.size > 0) {
        outcome.find({
          check: CHECK,
          severity: 'info',
          kind: 'note',
          message: `The model brings ${own.size} functions of its own.`,
          offset: 0,
          evidence: { details: { functions: own.size } },
        });
      }
    },
  });
}

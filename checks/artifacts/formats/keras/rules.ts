import { judgeName } from '../core/callable.ts';
import { isMild, unsafePath } from '../core/paths.ts';
import { cut } from '../core/text.ts';
import { isObject, type JsonObject, type JsonValue } from '../json/parse.ts';
import type { JsonRule, JsonVisit } from '../json/rules.ts';

const CHECK = 'artifacts/keras';

/** Parts of Keras that hold nothing but layers and their kin. */
const HARMLESS_PARTS = new Set(
  'layers initializers regularizers constraints optimizers losses metrics activations models dtype_policies quantizers engine ops mixed_precision random applications schedules backend operations sequential functional'.split(
    ' ',
  ),
);
/** Parts of Keras with functions that fetch, load or switch protection off (CVE-2025-8747, CVE-2025-9906). */
const GADGET_PARTS = new Set(
  'utils saving config datasets callbacks legacy export preprocessing wrappers visualization'.split(' '),
);
const GADGETS =
  /^(?:get_file|load_model|load_weights|model_from_(?:json|yaml|config)|func_load|enable_unsafe_deserialization|deserialize_keras_object|load_img|deserialize|from_config|save_model|save_weights|clone_model)$/;
const KERAS = /^(?:tf_keras|keras|tensorflow(?:\.python)?\.keras|keras_(?:hub|nlp|cv|core|tuner))(?:\.|$)/;
const PLAIN_BUILT_INS = new Set(
  'int float str bool complex bytes list tuple dict set frozenset slice function range NoneType ellipsis type'.split(
    ' ',
  ),
);
const VOCABULARY_LAYERS = new Set([
  'StringLookup',
  'IntegerLookup',
  'TextVectorization',
  'IndexLookup',
  'Hashing',
]);
const ALSO_KNOWN = ['numpy', 'tensorflow', 'jax.numpy'];

/** Judges what `deserialize_keras_object` would resolve: objects with `class_name` (and `module`). */
export const kerasRule: JsonRule = (visit) => {
  const { object } = visit;
  const name = object.class_name;
  if (typeof name !== 'string') return;
  const config = isObject(object.config) ? object.config : null;
  if (name === '__lambda__') lambda(visit, config?.code ?? object.config ?? null, 'An object');
  if (name === 'Lambda') lambdaLayer(visit, config);
  else if (name === 'TorchModuleWrapper') torchModule(visit, config);
  else if (name === 'TFSMLayer') path(visit, config?.filepath, 'The layer TFSMLayer loads a SavedModel from');
  else if (VOCABULARY_LAYERS.has(name))
    path(visit, config?.vocabulary, `The layer ${name} reads its vocabulary from`);
  if (typeof object.module === 'string') resolve(visit, object.module, name);
  else if (
    typeof object.registered_name === 'string' &&
    /^(?!keras>|builtins>)[^>]{1,200}>/i.test(object.registered_name)
  ) {
    visit.hit({
      check: CHECK,
      severity: 'info',
      kind: 'note',
      message: `The custom object ${cut(object.registered_name, 80)} must be registered by whoever loads the model.`,
      needle: object.registered_name,
    });
  }
};

function lambdaLayer(visit: JsonVisit, config: JsonObject | null): void {
  let isCode = false;
  for (const key of ['function', 'output_shape', 'mask']) {
    const value = config?.[key];
    if (Array.isArray(value) && typeof value[0] === 'string') {
      isCode = true;
      lambda(visit, value[0], `The Lambda layer's ${key}`);
    } else if (isObject(value) && value.class_name === '__lambda__') isCode = true;
    else if (key === 'function' && typeof value === 'string') {
      isCode = true;
      visit.hit({
        check: CHECK,
        severity: 'medium',
        kind: 'executes-on-use',
        message: `A Lambda layer calls the function "${cut(value, 80)}".`,
        needle: '"Lambda"',
        evidence: { import: cut(`${typeof config?.module === 'string' ? `${config.module}.` : ''}${value}`) },
      });
    }
  }
  if (isCode) return;
  visit.hit({
    check: CHECK,
    severity: 'medium',
    kind: 'executes-on-use',
    message: 'A Lambda layer runs a function of its own.',
    needle: '"Lambda"',
  });
}

/** Python byte code in base64, as Keras writes it: runs when the model is loaded and when it is called. */
function lambda(visit: JsonVisit, code: JsonValue, what: string): void {
  const text = typeof code === 'string' ? code : '';
  visit.hit({
    check: CHECK,
    severity: 'critical',
    kind: 'executes-on-load',
    message: `${what} is Python byte code.`,
    needle: text === '' ? '__lambda__' : text.slice(0, 40).replaceAll('\n', '\\n'),
    evidence: { capability: 'code', excerpt: namesIn(text) },
  });
}

/** Names and constants that can be read in marshalled code, e.g. `os`, `system`. */
function namesIn(base64: string): string[] {
  const bytes = Buffer.from(base64.slice(0, 1 << 20), 'base64').toString('latin1');
  return [...new Set(bytes.match(/[\x20-\x7e]{2,200}/g) ?? [])].slice(0, 30).map((text) => cut(text, 120));
}

function torchModule(visit: JsonVisit, config: JsonObject | null): void {
  visit.hit({
    check: CHECK,
    severity: 'critical',
    kind: 'executes-on-load',
    message: 'A TorchModuleWrapper is unpickled when the model is loaded.',
    needle: 'TorchModuleWrapper',
    evidence: { capability: 'deserialisation' },
  });
  const inner = isObject(config?.module) ? config.module.value : config?.module;
  const text = typeof inner === 'string' ? inner : isObject(inner) ? inner.value : undefined;
  if (typeof text !== 'string') return;
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  if (bytes.length > 0) visit.member({ name: `${visit.at.slice(0, 100)}.module`, bytes });
}

function path(visit: JsonVisit, value: JsonValue | undefined, what: string): void {
  if (typeof value !== 'string') return;
  const reason = unsafePath(value);
  visit.hit({
    check: CHECK,
    severity: reason !== null && !isMild(reason) ? 'high' : 'medium',
    kind: 'unsafe-path',
    message: `${what} "${cut(value)}"${reason === null ? '' : `, which ${reason}`}.`,
    needle: value,
    evidence: { capability: 'file' },
  });
}

/** `module` and `class_name` are imported and called: anything but known parts of Keras is foreign (CVE-2025-1550). */
function resolve(visit: JsonVisit, module: string, name: string): void {
  const { object } = visit;
  const target = name === 'function' && typeof object.config === 'string' ? object.config : name;
  const full = `${module}.${target}`;
  const found = (
    severity: 'critical' | 'high' | 'medium',
    kind: 'executes-on-load' | 'unknown-import',
    why: string,
    capability?: string,
  ) =>
    visit.hit({
      check: CHECK,
      severity,
      kind,
      message: `Loading imports ${cut(full, 120)}: ${why}.`,
      needle: module,
      evidence: { import: cut(full), ...(capability ? { capability } : {}) },
    });
  if (KERAS.test(module)) {
    const parts = module.split('.');
    const isGadget = GADGETS.test(target) || parts.some((part) => GADGET_PARTS.has(part));
    if (GADGETS.test(target))
      found('high', 'executes-on-load', 'a function that loads or fetches', 'deserialisation');
    else if (
      isGadget &&
      !parts.some((part) => part === 'layers' || part === 'optimizers') &&
      /^[a-z_]/.test(target)
    ) {
      found('high', 'executes-on-load', 'a helper of Keras that is no layer', 'code');
    } else if (
      !parts.slice(1).some((part) => HARMLESS_PARTS.has(part)) &&
      parts.length > 2 &&
      !module.startsWith('keras_')
    ) {
      found('medium', 'unknown-import', 'not known to be harmless');
    }
    return;
  }
  // A function of the user's own is written as one of builtins: only those that there are can be imported.
  const isOwn = name === 'function' && judgeName(full).is !== 'dangerous';
  if (module === 'builtins' && (isOwn || PLAIN_BUILT_INS.has(target))) return;
  const judgement = judgeName(full, ALSO_KNOWN);
  if (judgement.is === 'dangerous') {
    found('critical', 'executes-on-load', `gives ${judgement.capability}`, judgement.capability);
  } else if (judgement.is === 'unknown') found('medium', 'unknown-import', 'not known to be harmless');
}

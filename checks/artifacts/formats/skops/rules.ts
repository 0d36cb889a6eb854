import { judgeName } from '../core/callable.ts';
import { cut } from '../core/text.ts';
import { isObject } from '../json/parse.ts';
import type { JsonRule, JsonVisit } from '../json/rules.ts';

const CHECK = 'artifacts/skops';
/** Packages whose classes skops trusts, or whose kind scikit-learn models are made of. */
const KNOWN = [
  'sklearn',
  'numpy',
  'scipy',
  'pandas',
  'collections.OrderedDict',
  'collections.defaultdict',
  'datetime',
  'decimal',
  'fractions',
  'xgboost.sklearn',
  'xgboost.core',
  'lightgbm.sklearn',
  'lightgbm.basic',
  'catboost.core',
  'quantile_forest',
  'imblearn',
  'skops',
];
/** Loaders of skops 0.x that make plain data. */
const LOADERS = new Set(
  'ObjectNode NdArrayNode TupleNode ListNode DictNode TypeNode JsonNode SetNode SliceNode FunctionNode PartialNode CachedNode RandomStateNode RandomGeneratorNode BytesNode BytearrayNode DefaultDictNode OrderedDictNode SparseMatrixNode MaskedArrayNode TreeNode LossNode DatetimeTimedeltaNode BunchNode MethodNode OperatorFuncNode ReduceNode SpecialNode SGDNode CythonNode PandasNode NodeNode QuantileForestNode UnsupportedTypeNode'.split(
    ' ',
  ),
);

/** Judges the types that a skops file names; skops asks for trust, this says for what. */
export const skopsRule: JsonRule = (visit) => {
  const { object } = visit;
  const { __class__: name, __module__: module, __loader__: loader } = object;
  if (typeof loader !== 'string') return;
  if (typeof name !== 'string' || typeof module !== 'string') {
    visit.hit({
      check: CHECK,
      severity: 'medium',
      kind: 'unknown-import',
      message: `A ${cut(loader, 40)} names no type.`,
      needle: loader,
    });
    return;
  }
  judgeType(visit, `${module}.${name}`, loader);
  if (!LOADERS.has(loader)) {
    visit.hit({
      check: CHECK,
      severity: 'medium',
      kind: 'unknown-import',
      message: `The loader ${cut(loader, 60)} is not known.`,
      needle: loader,
    });
  }
  const content = object.content;
  if (isObject(content) && typeof content.module_path === 'string' && typeof content.function === 'string') {
    judgeType(visit, `${content.module_path}.${content.function}`, loader);
  }
  // What is called differs from the type that a person is asked to trust (CVE-2025-54412, CVE-2025-54413).
  if (loader === 'MethodNode' && isObject(content) && typeof content.func === 'string') {
    if (/^_|^(?:eval|exec|system|popen|load|loads|run|call)$/.test(content.func)) {
      visit.hit({
        check: CHECK,
        severity: 'high',
        kind: 'executes-on-load',
        message: `A method "${cut(content.func, 80)}" of a stored object is fetched by name.`,
        needle: content.func,
        evidence: { capability: 'code' },
      });
    }
  }
  if (loader === 'OperatorFuncNode' && !/^_?operator$/.test(module)) {
    visit.hit({
      check: CHECK,
      severity: 'high',
      kind: 'executes-on-load',
      message: `An OperatorFuncNode names ${cut(`${module}.${name}`, 120)}, which is no operator.`,
      needle: module,
      evidence: { import: cut(`${module}.${name}`), capability: 'code' },
    });
  }
};

function judgeType(visit: JsonVisit, full: string, loader: string): void {
  const judgement = judgeName(full, KNOWN);
  if (judgement.is === 'harmless') return;
  const isPlain =
    /^(?:builtins\.(?:function|method|type|NoneType|builtin_function_or_method|method_descriptor|wrapper_descriptor|ellipsis))$|^functools\.(?:partial|lru_cache|cached_property)$|^types\.(?:MethodType|FunctionType|NoneType|BuiltinFunctionType)$|^_?operator\.(?:itemgetter|attrgetter|methodcaller)$/.test(
      full,
    );
  if (isPlain && full !== 'operator.methodcaller') return;
  const isDangerous = judgement.is === 'dangerous';
  visit.hit({
    check: CHECK,
    severity: isDangerous ? 'critical' : 'medium',
    kind: isDangerous ? 'executes-on-load' : 'unknown-import',
    message: isDangerous
      ? `A ${cut(loader, 40)} names ${cut(full, 120)}, which gives ${judgement.capability}.`
      : `A ${cut(loader, 40)} names the type ${cut(full, 120)}, which is not known to be harmless.`,
    needle: full.split('.')[0] ?? full,
    evidence: { import: cut(full), ...(judgement.capability ? { capability: judgement.capability } : {}) },
  });
}

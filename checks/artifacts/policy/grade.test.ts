import { describe, expect, test } from 'vitest';
import { ALLOWED_LIBRARIES } from './allowed-libraries.ts';
import { ALLOWED_PYTHON } from './allowed-python.ts';
import { ALLOWED_SKLEARN } from './allowed-sklearn.ts';
import { ALLOWED_TORCH } from './allowed-torch.ts';
import { gradeImport } from './grade.ts';

const allowed = [ALLOWED_PYTHON, ALLOWED_LIBRARIES, ALLOWED_SKLEARN, ALLOWED_TORCH].flatMap((table) =>
  Object.entries(table).flatMap(([module, names]) => names.split(' ').map((name) => [module, name] as const)),
);

describe('the import policy', () => {
  test.each([
    ['os', 'system', 'process'],
    ['posix', 'system', 'process'],
    ['nt', 'system', 'process'],
    ['os', 'path.os.system', 'process'],
    ['subprocess', 'Popen', 'process'],
    ['commands', 'getoutput', 'process'],
    ['_posixsubprocess', 'fork_exec', 'process'],
    ['pty', 'spawn', 'process'],
    ['asyncio.unix_events', '_UnixSubprocessTransport._start', 'process'],
    ['pip', 'main', 'process'],
    ['pip._internal', 'main', 'process'],
    ['pip._internal.cli.main', 'main', 'process'],
    ['ensurepip', '_run_pip', 'process'],
    ['venv', 'create', 'process'],
    ['webbrowser', 'open', 'process'],
    ['builtins', 'eval', 'code'],
    ['__builtin__', 'execfile', 'code'],
    ['builtins', 'getattr', 'code'],
    ['bdb', 'Bdb.run', 'code'],
    ['timeit', 'timeit', 'code'],
    ['cProfile', 'run', 'code'],
    ['doctest', 'debug_script', 'code'],
    ['code', 'interact', 'code'],
    ['runpy', '_run_code', 'code'],
    ['types', 'FunctionType', 'code'],
    ['types', 'CodeType', 'code'],
    ['functools', 'reduce', 'code'],
    ['_functools', 'reduce', 'code'],
    ['_operator', 'attrgetter', 'code'],
    ['operator', 'methodcaller', 'code'],
    ['lib2to3.pgen2.grammar', 'Grammar.loads', 'code'],
    ['idlelib.run', 'Executive.runcode', 'code'],
    ['pydoc', 'pipepager', 'code'],
    ['logging.config', '_install_loggers', 'code'],
    ['numpy.testing._private.utils', 'runstring', 'code'],
    ['torch._inductor.codecache', 'compile_file', 'code'],
    ['torch.jit.unsupported_tensor_ops', 'execWrapper', 'code'],
    ['dill._dill', '_create_function', 'code'],
    ['cloudpickle.cloudpickle', '_make_function', 'code'],
    ['importlib', 'import_module', 'import'],
    ['pkgutil', 'resolve_name', 'import'],
    ['builtins', '__import__', 'import'],
    ['sys', 'modules', 'environment'],
    ['pickle', 'loads', 'deserialisation'],
    ['_pickle', 'loads', 'deserialisation'],
    ['marshal', 'loads', 'deserialisation'],
    ['joblib', 'load', 'deserialisation'],
    ['numpy', 'load', 'deserialisation'],
    ['torch', 'load', 'deserialisation'],
    ['torch.serialization', 'load', 'deserialisation'],
    ['torch.hub', 'load', 'network'],
    ['socket', 'create_connection', 'network'],
    ['httplib', 'HTTPSConnection', 'network'],
    ['urllib.request', 'urlopen', 'network'],
    ['requests.api', 'get', 'network'],
    ['smtplib', 'SMTP', 'network'],
    ['imaplib', 'IMAP4', 'network'],
    ['builtins', 'open', 'file'],
    ['io', 'open', 'file'],
    ['shutil', 'rmtree', 'file'],
    ['tempfile', 'mktemp', 'file'],
    ['ctypes', 'CDLL', 'native'],
  ])('%s.%s: %s', (module, name, capability) => {
    const grade = gradeImport(module, name);
    expect(grade).toMatchObject({ allowed: false, capability });
    expect(['high', 'critical']).toContain(grade.severity);
  });

  test('what nobody listed is unknown', () => {
    expect(gradeImport('some_package', 'Thing')).toMatchObject({
      allowed: false,
      capability: 'unknown',
      severity: 'medium',
    });
    expect(gradeImport('collections', 'OrderedDict.update')).toMatchObject({ allowed: false });
    expect(gradeImport('collections', 'OrderedDict.__class__.__base__')).toMatchObject({
      capability: 'code',
    });
    expect(gradeImport('collections', ' OrderedDict')).toMatchObject({ allowed: false });
    expect(gradeImport('Collections', 'OrderedDict')).toMatchObject({ allowed: false });
    expect(gradeImport('__torch__', '')).toMatchObject({ allowed: false });
    expect(gradeImport('__proto__', 'constructor')).toMatchObject({ allowed: false });
    expect(gradeImport('builtins', 'toString')).toMatchObject({ allowed: false });
  });

  test.each([
    ['sklearn.some_new_module._thing', 'NewEstimator'],
    ['transformers.models.bert.modeling_bert', 'BertModel'],
    ['timm.models.vision_transformer', 'VisionTransformer'],
    ['ultralytics.nn.tasks', 'DetectionModel'],
    ['torch.utils.data.dataset', 'TensorDataset'],
    ['sentence_transformers.models.Pooling', 'Pooling'],
    ['__main__', 'Net'],
    ['__main__', 'Outer.Inner'],
    ['__main__', 'normalise'],
    ['builtins', 'len'],
    ['__builtin__', 'unicode.lower'],
    ['_operator', 'mul'],
    ['scipy.interpolate._interpolate', 'interp1d._call_linear_np'],
  ])('%s.%s may be built, not called', (module, name) => {
    expect(gradeImport(module, name)).toMatchObject({ allowed: false, built: true, severity: 'medium' });
  });

  test.each([
    ['timm.models.hub', 'os.system'],
    ['sklearn.base', 'os'],
    ['sklearn.externals.six', 'moves'],
    ['pandas.core.common', 'builtins.eval'],
    ['__main__', 'os.system'],
    ['__main__', '__builtins__'],
    ['builtins', 'str.__class__'],
    ['operator', 'setitem'],
    ['typing', 'get_type_hints'],
    ['__builtin__', 'reduce'],
    ['itertools', 'imap'],
    ['transformers.pipelines', 'Pipeline'],
    ['sympy.core.sympify', 'sympify'],
    ['model', 'Net'],
  ])('%s.%s may not', (module, name) => {
    expect(gradeImport(module, name)).toMatchObject({ allowed: false, built: false });
  });

  test('allows names, not modules, and nothing with a special attribute', () => {
    expect(allowed.length).toBeGreaterThan(1_000);
    for (const [module, name] of allowed) {
      // Loaders that Cython writes are allowed by their pattern.
      if (name.startsWith('__pyx_unpickle_')) continue;
      expect(gradeImport(module, name).allowed, `${module}.${name}`).toBe(true);
      expect(gradeImport(module, `${name}.__globals__`).allowed).toBe(false);
      expect(gradeImport(module, `${name}_`).allowed && !allowed.some((one) => one[1] === `${name}_`)).toBe(
        false,
      );
    }
  });

  test('allows no name whose last part is known to be dangerous', () => {
    const dangerous =
      /^(?:eval|exec|system|popen|Popen|run|call|spawn\w*|open|load|loads|getattr|setattr|import_module|__import__|compile|globals)$/;
    expect(allowed.filter(([, name]) => dangerous.test(name))).toEqual([]);
  });
});

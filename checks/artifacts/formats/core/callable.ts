/** What a dotted Python name gives to whoever can have it called. */
export interface NameJudgement {
  readonly is: 'harmless' | 'unknown' | 'dangerous';
  /** For dangerous ones: `code`, `process`, `file`, `network`, `deserialisation`, … */
  readonly capability?: string;
}

const DANGEROUS: Readonly<Record<string, string>> = Object.freeze({
  os: 'process',
  posix: 'process',
  nt: 'process',
  subprocess: 'process',
  pty: 'process',
  commands: 'process',
  popen2: 'process',
  multiprocessing: 'process',
  asyncio: 'process',
  _posixsubprocess: 'process',
  _winapi: 'process',
  shutil: 'file',
  pathlib: 'file',
  tempfile: 'file',
  fileinput: 'file',
  io: 'file',
  _io: 'file',
  glob: 'file',
  zipfile: 'file',
  tarfile: 'file',
  socket: 'network',
  ssl: 'network',
  http: 'network',
  urllib: 'network',
  urllib2: 'network',
  urllib3: 'network',
  requests: 'network',
  httpx: 'network',
  aiohttp: 'network',
  ftplib: 'network',
  smtplib: 'network',
  telnetlib: 'network',
  webbrowser: 'network',
  xmlrpc: 'network',
  socketserver: 'network',
  paramiko: 'network',
  sys: 'code',
  runpy: 'code',
  code: 'code',
  codeop: 'code',
  bdb: 'code',
  pdb: 'code',
  timeit: 'code',
  trace: 'code',
  profile: 'code',
  cProfile: 'code',
  importlib: 'code',
  imp: 'code',
  pkgutil: 'code',
  zipimport: 'code',
  ctypes: 'code',
  cffi: 'code',
  gc: 'code',
  inspect: 'code',
  types: 'code',
  ast: 'code',
  builtins: 'code',
  __builtin__: 'code',
  __builtins__: 'code',
  pip: 'code',
  ensurepip: 'code',
  setuptools: 'code',
  distutils: 'code',
  venv: 'code',
  idlelib: 'code',
  doctest: 'code',
  lib2to3: 'code',
  pydoc: 'code',
  site: 'code',
  sysconfig: 'code',
  threading: 'code',
  _thread: 'code',
  signal: 'process',
  platform: 'process',
  resource: 'process',
  atexit: 'code',
  functools: 'code',
  operator: 'code',
  _operator: 'code',
  nltk: 'code',
  pickle: 'deserialisation',
  _pickle: 'deserialisation',
  cPickle: 'deserialisation',
  cloudpickle: 'deserialisation',
  dill: 'deserialisation',
  joblib: 'deserialisation',
  shelve: 'deserialisation',
  marshal: 'deserialisation',
  yaml: 'deserialisation',
  jsonpickle: 'deserialisation',
});

/** Names in the modules above that only make plain values. */
const HARMLESS_NAMES = new Set([
  ...'int float complex bool str bytes bytearray list tuple dict set frozenset slice range object None NotImplemented Ellipsis len min max sum abs round sorted zip enumerate'
    .split(' ')
    .flatMap((name) => [`builtins.${name}`, `__builtin__.${name}`]),
  ...'add sub mul truediv floordiv mod neg eq ne lt le gt ge and_ or_ matmul pow'
    .split(' ')
    .flatMap((name) => [`operator.${name}`, `_operator.${name}`]),
  'functools.partial',
  'pathlib.PurePosixPath',
  'pathlib.PurePath',
]);

/** Functions of well-known packages that read files, fetch, or unpickle, whatever the rest of the package is. */
const DANGEROUS_NAMES: Readonly<Record<string, string>> = Object.freeze({
  'torch.load': 'deserialisation',
  'torch.hub.load': 'code',
  'torch.jit.load': 'deserialisation',
  'numpy.load': 'deserialisation',
  'pandas.read_pickle': 'deserialisation',
  'pandas.eval': 'code',
  'numexpr.evaluate': 'code',
  'sklearn.externals.joblib.load': 'deserialisation',
  'tensorflow.io.read_file': 'file',
  'tensorflow.io.write_file': 'file',
  'tensorflow.io.gfile.GFile': 'file',
  'tensorflow.keras.utils.get_file': 'network',
  'tensorflow.py_function': 'code',
  'tensorflow.numpy_function': 'code',
  'tensorflow.load_op_library': 'code',
  'tensorflow.load_library': 'code',
  'hydra.utils.get_method': 'code',
  'hydra.utils.get_class': 'code',
  'hydra.utils.get_object': 'code',
  'hydra.utils.instantiate': 'code',
  'hydra._internal.utils._locate': 'code',
});

const PRIVATE = /(?:^|\.)__(?!init__$)[a-z_]{1,40}__(?:\.|$)/;

/**
 * Judges a dotted name against the dangerous modules of the standard library, functions of well-known packages, and
 * the packages in `known`, of which anything else is taken for harmless.
 */
export function judgeName(name: string, known: readonly string[] = []): NameJudgement {
  const clean = name.normalize('NFKC').trim().replace(/:/g, '.');
  if (HARMLESS_NAMES.has(clean)) return { is: 'harmless' };
  const [top = ''] = clean.split('.');
  const capability = DANGEROUS_NAMES[clean] ?? (Object.hasOwn(DANGEROUS, top) ? DANGEROUS[top] : undefined);
  if (capability !== undefined) return { is: 'dangerous', capability };
  // A known package's own imports give access to everything: `package.module.os.system`.
  const inner = clean
    .split('.')
    .slice(1, -1)
    .find((part) => INNER_MODULES.has(part));
  if (inner !== undefined) return { is: 'dangerous', capability: DANGEROUS[inner] ?? 'code' };
  if (PRIVATE.test(clean)) return { is: 'dangerous', capability: 'code' };
  return {
    is: known.some((prefix) => clean === prefix || clean.startsWith(`${prefix}.`)) ? 'harmless' : 'unknown',
  };
}

const INNER_MODULES = new Set([
  'os',
  'sys',
  'subprocess',
  'posix',
  'builtins',
  'importlib',
  'pickle',
  'shutil',
  'socket',
  'ctypes',
]);

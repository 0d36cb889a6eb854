import { Buffer } from 'node:buffer';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import type { FindingKind } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { assemble, callOf, op } from './assemble.ts';

const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const EVIL = callOf('os', 'system', 'id');
const EVIL_PICKLE = assemble(EVIL);

async function judged(content: Uint8Array): Promise<{ verdict: string; kinds: readonly FindingKind[] }> {
  const outcome = await scanArtifact(bytesSource(content));
  return { verdict: verdictOf(outcome), kinds: outcome.findings.map(({ kind }) => kind) };
}

/** What somebody can run, read, write, fetch or load by calling it with texts. Module, then names. */
const GADGETS: Readonly<Record<string, string>> = {
  builtins: 'eval exec compile __import__ open getattr setattr delattr breakpoint input globals map filter',
  __builtin__: 'eval execfile compile file apply reduce raw_input reload',
  io: 'open FileIO open_code',
  _io: 'open FileIO',
  os: 'system popen execv execvp spawnl spawnv posix_spawn fork remove unlink rename chmod symlink mkdir startfile putenv',
  posix: 'system popen execv unlink',
  nt: 'system startfile',
  subprocess: 'Popen call run check_call check_output getoutput getstatusoutput',
  _posixsubprocess: 'fork_exec',
  commands: 'getoutput getstatusoutput',
  pty: 'spawn',
  runpy: 'run_path run_module _run_code _run_module_code',
  code: 'InteractiveInterpreter.runcode InteractiveConsole interact compile_command',
  codeop: 'compile_command Compile',
  timeit: 'timeit repeat Timer main',
  trace: 'Trace.run Trace.runctx main',
  profile: 'run runctx Profile.run',
  cProfile: 'run runctx',
  pdb: 'run runeval runcall Pdb',
  bdb: 'Bdb.run Bdb.runeval Bdb.runcall',
  doctest: 'debug_script debug_src run_docstring_examples testfile',
  pydoc: 'pipepager tempfilepager pager locate',
  'idlelib.run': 'Executive.runcode',
  'idlelib.pyshell': 'ModifiedInterpreter.runcode ModifiedInterpreter.runcommand',
  'idlelib.autocomplete': 'AutoComplete.get_entity AutoComplete.fetch_completions',
  'idlelib.calltip': 'Calltip.fetch_tip get_entity',
  'idlelib.debugobj': 'ObjectTreeItem.SetText',
  'lib2to3.pgen2.grammar': 'Grammar.loads',
  'lib2to3.pgen2.pgen': 'ParserGenerator.make_label',
  'distutils.core': 'run_setup setup',
  'distutils.spawn': 'spawn',
  'distutils.file_util': 'write_file copy_file',
  'setuptools.sandbox': 'run_setup',
  'setuptools._distutils.spawn': 'spawn',
  pip: 'main',
  'pip._internal': 'main',
  'pip._internal.cli.main': 'main',
  ensurepip: 'bootstrap _run_pip',
  venv: 'create main',
  ctypes: 'CDLL cdll.LoadLibrary PyDLL pythonapi',
  _ctypes: 'dlopen',
  cffi: 'FFI FFI.dlopen',
  'multiprocessing.util': 'spawnv_passfds',
  'multiprocessing.process': 'BaseProcess',
  multiprocessing: 'Process Pool',
  'asyncio.unix_events': '_UnixSubprocessTransport._start',
  'asyncio.subprocess': 'create_subprocess_shell',
  asyncio: 'run create_subprocess_exec',
  'concurrent.futures': 'ProcessPoolExecutor ThreadPoolExecutor',
  'logging.config': 'dictConfig fileConfig listen _install_handlers _resolve',
  logging: 'FileHandler',
  webbrowser: 'open get',
  'urllib.request': 'urlopen urlretrieve',
  urllib: 'urlopen urlretrieve',
  urllib2: 'urlopen',
  'http.client': 'HTTPConnection HTTPSConnection',
  ftplib: 'FTP',
  smtplib: 'SMTP',
  socket: 'socket create_connection',
  'xmlrpc.client': 'ServerProxy',
  telnetlib: 'Telnet',
  shutil: 'rmtree copyfile move copytree which',
  tempfile: 'mkstemp NamedTemporaryFile',
  linecache: 'getlines updatecache',
  zipimport: 'zipimporter',
  pkgutil: 'resolve_name get_data',
  importlib: 'import_module reload __import__',
  'importlib.util': 'spec_from_file_location',
  'importlib.machinery': 'SourceFileLoader.load_module',
  'importlib._bootstrap_external': 'SourceFileLoader',
  imp: 'load_source load_module',
  site: 'addsitedir main',
  sysconfig: 'get_platform',
  sys: 'exit settrace setprofile modules',
  marshal: 'loads',
  pickle: 'loads load Unpickler _loads',
  _pickle: 'loads Unpickler',
  cPickle: 'loads',
  shelve: 'open',
  types: 'FunctionType CodeType MethodType LambdaType',
  functools: 'reduce partialmethod',
  itertools: 'starmap accumulate',
  operator: 'attrgetter methodcaller call setitem',
  weakref: 'finalize',
  copyreg: 'pickle add_extension __newobj__ constructor',
  threading: 'Thread Timer',
  signal: 'signal',
  atexit: 'register',
  sched: 'scheduler',
  gc: 'get_objects',
  inspect: 'getattr_static',
  unittest: 'main',
  'unittest.mock': 'patch',
  'test.support.script_helper': 'assert_python_ok',
  collections: 'namedtuple',
  typing: 'get_type_hints',
  dataclasses: 'make_dataclass',
  uuid: '_get_command_stdout _popen',
  platform: 'popen _syscmd_ver',
  imaplib: 'IMAP4_stream',
  nntplib: 'NNTP',
  aiohttp: 'ClientSession',
  requests: 'get post',
  'requests.api': 'get',
  httpx: 'get',
  torch: 'load save compile',
  'torch.serialization': 'load',
  'torch.hub': 'load load_state_dict_from_url',
  'torch.jit': 'load script',
  'torch.jit.unsupported_tensor_ops': 'execWrapper',
  'torch.utils.cpp_extension': 'load load_inline',
  'torch.utils.bottleneck.__main__': 'run_cprofile',
  'torch.utils._config_module': 'load_config ConfigModule.load_config',
  'torch.utils.collect_env': 'run',
  'torch.utils.data.datapipes.utils.decoder': 'basichandlers',
  'torch._inductor.codecache': 'compile_file CppCodeCache.load',
  'torch._dynamo.guards': 'GuardBuilder.get',
  'torch.fx.experimental.symbolic_shapes': 'ShapeEnv.evaluate_guards_expression',
  'torch.fx.graph_module': '_exec_with_source reduce_graph_module',
  'torch.package': 'PackageImporter',
  'torch.distributed.elastic': 'x',
  'torch.testing._internal.common_utils': 'run_tests',
  'torch.storage': 'UntypedStorage.from_file',
  numpy: 'load save fromfile memmap loadtxt genfromtxt DataSource savetxt',
  'numpy.testing._private.utils': 'runstring',
  'numpy.testing': 'runstring',
  'numpy.f2py': 'run_main compile',
  'numpy.f2py.crackfortran': 'param_eval _eval_length myeval getlincoef',
  'numpy.ctypeslib': 'load_library',
  'numpy.lib.npyio': 'load NpzFile',
  'numpy.distutils.exec_command': 'exec_command',
  pandas: 'read_pickle eval read_csv read_hdf ExcelWriter HDFStore',
  'pandas.core.frame': 'DataFrame.eval DataFrame.query DataFrame.to_csv',
  'pandas.core.computation.eval': 'eval',
  'pandas.io.pickle': 'read_pickle',
  joblib: 'load dump',
  'joblib.numpy_pickle': 'load _unpickle NumpyUnpickler',
  'joblib.memory': 'Memory',
  'sklearn.datasets': 'fetch_openml load_svmlight_file',
  'scipy.io': 'loadmat',
  tensorflow: 'py_function io.write_file load_library load_op_library',
  'tensorflow.python.ops.io_ops': 'read_file write_file',
  'keras.models': 'load_model',
  'keras.utils': 'get_file',
  matplotlib: 'texmanager.TexManager testing.compare.compare_images',
  nltk: 'download',
  'nltk.data': 'load retrieve',
  'IPython.core.interactiveshell': 'InteractiveShell.run_cell',
  'IPython.utils.process': 'system',
  sympy: 'sympify lambdify parse_expr',
  'sympy.utilities.lambdify': 'lambdify',
  'sympy.parsing.sympy_parser': 'parse_expr eval_expr',
  networkx: 'read_gpickle read_graphml',
  jinja2: 'Template Environment',
  'jinja2.nativetypes': 'NativeTemplate',
  mako: 'template.Template',
  'mako.template': 'Template',
  yaml: 'load unsafe_load full_load',
  ruamel: 'yaml.load',
  jsonpickle: 'decode',
  cloudpickle: 'loads load',
  'cloudpickle.cloudpickle': '_make_function _builtin_type _fill_function _make_skel_func subimport',
  dill: 'loads load',
  'dill._dill': '_create_function _create_code _import_module _eval_repr _get_attr',
  'numba.core.serialize': '_rebuild_function',
  'hydra.utils': 'instantiate call get_class',
  'hydra._internal.instantiate._instantiate2': 'instantiate',
  transformers: 'pipeline AutoModel.from_pretrained',
  'transformers.dynamic_module_utils': 'get_class_from_dynamic_module',
  huggingface_hub: 'hf_hub_download snapshot_download',
  datasets: 'load_dataset',
  mlflow: 'pyfunc.load_model',
  'mlflow.projects.backend.local': '_run_entry_point',
  wandb: 'init',
  git: 'Repo.clone_from',
  paramiko: 'SSHClient',
  psutil: 'Popen',
  sqlite3: 'connect',
  boto3: 'client',
  fickling: 'fickle.Pickled',
  gradio: 'Interface',
  werkzeug: 'utils.import_string',
  django: 'utils.module_loading.import_string',
  pytest: 'main',
  celery: 'Celery',
  zmq: 'Context',
  six: 'exec_',
  invoke: 'run',
  fabric: 'Connection',
  pexpect: 'spawn run',
  winreg: 'SetValueEx',
  msvcrt: 'open_osfhandle',
  readline: 'read_history_file',
  fileinput: 'input FileInput',
  glob: 'glob',
  pathlib: 'Path.write_text Path.read_bytes Path.unlink PosixPath.write_bytes',
  zipfile: 'ZipFile',
  tarfile: 'open',
  gzip: 'open',
  bz2: 'BZ2File',
  lzma: 'open',
  mmap: 'mmap',
  codecs: 'open',
  tokenize: 'open',
  cgitb: 'enable',
  ast: 'literal_eval',
  dis: 'dis',
  symtable: 'symtable',
  py_compile: 'compile',
  compileall: 'compile_file',
  modulefinder: 'ModuleFinder.run_script',
  rlcompleter: 'Completer.attr_matches Completer.global_matches',
  cmd: 'Cmd',
  turtle: 'Turtle',
  optparse: 'OptionParser',
  antigravity: 'webbrowser.open',
  __main__: 'os.system __builtins__.eval __loader__.load_module',
};

const gadgets = Object.entries(GADGETS).flatMap(([module, names]) =>
  names.split(' ').map((name) => [module, name] as const),
);

/** Ways of writing the same call. */
const SPELLINGS: Readonly<Record<string, (module: string, name: string) => Buffer>> = {
  'GLOBAL, REDUCE': (module, name) => assemble(callOf(module, name, 'x')),
  'STACK_GLOBAL, REDUCE': (module, name) =>
    assemble(op.shortText(module), op.shortText(name), op.stackGlobal, op.text('x'), op.tuple1, op.reduce),
  'STACK_GLOBAL from the memo': (module, name) =>
    assemble(
      op.text(name),
      op.put(7),
      op.pop,
      op.text(module),
      op.memoize,
      op.get(7),
      op.stackGlobal,
      op.text('x'),
      op.tuple1,
      op.reduce,
    ),
  INST: (module, name) => join(op.mark, op.lineString("'x'"), op.inst(module, name), op.stop),
  OBJ: (module, name) => assemble(op.mark, op.global(module, name), op.text('x'), op.obj),
  NEWOBJ: (module, name) => assemble(op.global(module, name), op.text('x'), op.tuple1, op.newObj),
  NEWOBJ_EX: (module, name) =>
    assemble(op.global(module, name), op.text('x'), op.tuple1, op.emptyDict, op.newObjEx),
  'getattr of an import': (module, name) =>
    assemble(
      op.global('builtins', 'getattr'),
      callOf('importlib', 'import_module', module),
      op.text(name),
      op.tuple2,
      op.reduce,
      op.text('x'),
      op.tuple1,
      op.reduce,
    ),
  'as the default of a dict': (module, name) =>
    assemble(op.global('collections', 'defaultdict'), op.global(module, name), op.tuple1, op.reduce),
  'inside functools.partial': (module, name) =>
    assemble(
      op.global('functools', 'partial'),
      op.global(module, name),
      op.text('x'),
      op.tuple2,
      op.reduce,
      op.emptyTuple,
      op.reduce,
    ),
};

describe('calls that no model needs', () => {
  test.each(Object.entries(SPELLINGS))('%s', async (title, spell) => {
    const missed: string[] = [];
    for (const [module, name] of gadgets) {
      // Joblib names the class of a memory map without making one.
      if (name === 'memmap' && title.startsWith('as the default')) continue;
      const { verdict } = await judged(spell(module, name));
      if (verdict !== 'malicious' && verdict !== 'suspicious') missed.push(`${module}.${name}: ${verdict}`);
    }
    expect(missed).toEqual([]);
  });

  test('are malicious, not only unknown, where they are notorious', async () => {
    const weak: string[] = [];
    const notorious =
      'builtins os posix nt subprocess runpy pty importlib pickle marshal socket ctypes shutil torch.hub numpy.f2py pip';
    for (const [module, name] of gadgets) {
      if (!notorious.split(' ').includes(module)) continue;
      const { verdict } = await judged(assemble(callOf(module, name, 'x')));
      if (verdict !== 'malicious') weak.push(`${module}.${name}: ${verdict}`);
    }
    expect(weak).toEqual([]);
  });
});

const oldTorch = (...parts: readonly Uint8Array[]): Buffer =>
  join(
    Buffer.from([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]),
    ...parts,
  );

describe('tricks with the stream', () => {
  test.each<[string, Uint8Array, string]>([
    ['APPENDS of nothing to None', assemble(op.none, op.mark, op.appends, EVIL), 'executes-on-load'],
    ['SETITEMS of nothing to a number', assemble(op.int(1), op.mark, op.setItems, EVIL), 'executes-on-load'],
    ['ADDITEMS of nothing', assemble(op.none, op.mark, Buffer.of(0x90), EVIL), 'executes-on-load'],
    ['BUILD of None with nothing', assemble(op.none, op.none, op.build, EVIL), 'executes-on-load'],
    ['BUILD of a list with no state', assemble(op.emptyList, op.none, op.build, EVIL), 'executes-on-load'],
    [
      'BUILD of a number with two times nothing',
      assemble(op.int(3), op.none, op.none, op.tuple2, op.build, EVIL),
      'executes-on-load',
    ],
    ['FRAME that is too short', assemble(op.frame(1), EVIL), 'executes-on-load'],
    ['FRAME that is too long', assemble(op.frame(2 ** 40), EVIL), 'executes-on-load'],
    ['PROTO in the middle', assemble(op.proto(0), op.proto(2), EVIL), 'executes-on-load'],
    ['unset BINGET behind the call', assemble(EVIL, op.get(200)), 'executes-on-load'],
    ['pop of an empty stack behind the call', assemble(EVIL, op.pop, op.pop, op.pop), 'executes-on-load'],
    ['EXT1 behind the call', assemble(EVIL, op.ext1(0)), 'executes-on-load'],
    [
      'LONG4 of negative length behind the call',
      assemble(EVIL, Buffer.of(0x8b, 255, 255, 255, 255)),
      'executes-on-load',
    ],
    [
      'BINBYTES8 of 2^60 bytes behind the call',
      assemble(EVIL, Buffer.of(0x8e, 0, 0, 0, 0, 0, 0, 0, 16)),
      'executes-on-load',
    ],
    [
      'NEXT_BUFFER and READONLY_BUFFER around it',
      assemble(Buffer.of(0x97, 0x98), op.pop, EVIL),
      'executes-on-load',
    ],
    [
      'DUP of the function',
      assemble(op.global('os', 'system'), op.dup, op.text('id'), op.tuple1, op.reduce),
      'executes-on-load',
    ],
    [
      'FROZENSET and EMPTY_SET',
      assemble(op.emptySet, op.mark, op.none, Buffer.of(0x90), op.mark, Buffer.of(0x91), EVIL),
      'executes-on-load',
    ],
    [
      'PUT over an earlier entry',
      assemble(
        op.global('collections', 'OrderedDict'),
        op.put(1),
        op.pop,
        op.global('os', 'system'),
        op.put(1),
        op.pop,
        op.get(1),
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'executes-on-load',
    ],
    [
      'GET with a sign and blanks',
      Buffer.from("cos\nsystem\np1\n0g +1 \n(S'id'\ntR.", 'latin1'),
      'executes-on-load',
    ],
    [
      'GET with an underscore',
      Buffer.from("cos\nsystem\np10\n0g1_0\n(S'id'\ntR.", 'latin1'),
      'executes-on-load',
    ],
    [
      'texts with escapes',
      Buffer.from("S'\\x6f\\163'\nS'sys\\\x74em'\n\x93(S'id'\ntR.", 'latin1'),
      'executes-on-load',
    ],
    [
      'raw Unicode escapes',
      Buffer.from('V\\u006f\\U00000073\nVs\\u0079stem\n\x93(Vid\ntR.', 'latin1'),
      'executes-on-load',
    ],
    [
      'carriage returns in values',
      Buffer.from("I1\r\n0cos\nsystem\n(S'id'\r\ntR.", 'latin1'),
      'executes-on-load',
    ],
    [
      'a truth value as a number',
      Buffer.from("I01\n0I00\n0cos\nsystem\n(S'id'\ntR.", 'latin1'),
      'executes-on-load',
    ],
    [
      'numbers in other bases',
      Buffer.from("I0x1f\n0I0b1\n0L1_000L\n0F1e9\n0cos\nsystem\n(S'id'\ntR.", 'latin1'),
      'executes-on-load',
    ],
    [
      'a dotted name that leads to another module',
      assemble(op.text('collections'), op.text('abc._sys.modules'), op.stackGlobal, EVIL),
      'executes-on-load',
    ],
    [
      'a name put together by join',
      assemble(
        op.text('o'),
        op.text('s'),
        op.tuple2,
        op.put(3),
        op.pop,
        op.global('builtins', 'str.join'),
        op.text(''),
        op.get(3),
        op.tuple2,
        op.reduce,
        op.text('system'),
        op.stackGlobal,
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'executes-on-load',
    ],
    [
      'a name decoded from rot13',
      assemble(
        op.global('_codecs', 'encode'),
        op.text('bf'),
        op.text('rot13'),
        op.tuple2,
        op.reduce,
        op.text('system'),
        op.stackGlobal,
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'executes-on-load',
    ],
    [
      '_ufunc_reconstruct as an import',
      assemble(
        callOf('numpy.core', '_ufunc_reconstruct', 'os', 'system'),
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'executes-on-load',
    ],
    [
      '_rebuild_from_type_v2 as apply',
      assemble(
        op.global('torch._tensor', '_rebuild_from_type_v2'),
        op.mark,
        op.global('os', 'system'),
        op.none,
        op.text('id'),
        op.tuple1,
        op.none,
        op.tuple,
        op.reduce,
      ),
      'executes-on-load',
    ],
    [
      '__generator_ctor as a call',
      assemble(
        op.global('numpy.random._pickle', '__generator_ctor'),
        op.text('id'),
        op.global('os', 'system'),
        op.tuple2,
        op.reduce,
      ),
      'executes-on-load',
    ],
    [
      'an attribute written to a module',
      assemble(
        callOf('importlib', 'import_module', 'json'),
        op.emptyDict,
        op.text('loads'),
        op.global('os', 'system'),
        op.setItem,
        op.build,
      ),
      'executes-on-load',
    ],
    [
      'a slot state that sets __setstate__',
      assemble(
        op.global('__main__', 'Net'),
        op.emptyTuple,
        op.newObj,
        op.none,
        op.emptyDict,
        op.text('__setstate__'),
        op.global('os', 'system'),
        op.setItem,
        op.tuple2,
        op.build,
        op.text('id'),
        op.build,
      ),
      'executes-on-load',
    ],
    ['torch before 1.6 with a second pickle', oldTorch(assemble(op.int(1)), EVIL_PICKLE), 'executes-on-load'],
    ['a persistent id that is a call', assemble(EVIL, op.binPersid), 'executes-on-load'],
    [
      'ten thousand values before it',
      assemble(...Array.from({ length: 10_000 }, () => op.none), EVIL),
      'executes-on-load',
    ],
    [
      'a pickle in bytes that is handed to loads',
      assemble(op.global('pickle', 'loads'), op.data(EVIL_PICKLE), op.tuple1, op.reduce),
      'executes-on-load',
    ],
    [
      'a pickle in bytes that torch loads by itself',
      assemble(op.global('torch.storage', '_load_from_bytes'), op.data(EVIL_PICKLE), op.tuple1, op.reduce),
      'executes-on-load',
    ],
    ['a pickle in bytes', assemble(op.data(EVIL_PICKLE)), 'embedded-payload'],
    [
      'a pickle in a text',
      assemble(op.string(Buffer.from(EVIL_PICKLE).toString('latin1'))),
      'embedded-payload',
    ],
    ['a pickle in base64', assemble(op.text(EVIL_PICKLE.toString('base64'))), 'embedded-payload'],
    ['a pickle in hexadecimal', assemble(op.text(EVIL_PICKLE.toString('hex'))), 'embedded-payload'],
    [
      'a pickle in zlib in base64',
      assemble(op.text(deflateSync(EVIL_PICKLE).toString('base64'))),
      'embedded-payload',
    ],
    ['a pickle in gzip in bytes', assemble(op.data(gzipSync(EVIL_PICKLE))), 'embedded-payload'],
    ['a pickle in protocol 0 in a text', assemble(op.text("cos\nsystem\n(S'id'\ntR.")), 'embedded-payload'],
    [
      'the second of two pickles in bytes',
      assemble(op.data(join(assemble(op.none), EVIL_PICKLE))),
      'embedded-payload',
    ],
    ['a packed pickle behind another', join(assemble(op.none), deflateSync(EVIL_PICKLE)), 'executes-on-load'],
  ])('%s', async (_, content, kind) => {
    const { verdict, kinds } = await judged(content);
    expect(kinds).toContain(kind);
    expect(verdict).toBe(kind === 'executes-on-load' ? 'malicious' : 'suspicious');
  });
});

describe('their harmless twins are clean', () => {
  test.each<[string, Uint8Array]>([
    ['APPENDS of nothing', assemble(op.emptyList, op.mark, op.appends)],
    [
      'an object without a state',
      assemble(op.global('__main__', 'Net'), op.emptyTuple, op.newObj, op.none, op.build),
    ],
    ['an enumeration', assemble(op.global('__main__', 'Colour'), op.int(1), op.tuple1, op.reduce)],
    ['the type of None', assemble(op.global('builtins', 'type'), op.none, op.tuple1, op.reduce)],
    [
      'a method of a class by its name',
      assemble(
        op.global('builtins', 'getattr'),
        op.global('builtins', 'str'),
        op.text('lower'),
        op.tuple2,
        op.reduce,
      ),
    ],
    ['a function of numpy', assemble(callOf('numpy.core', '_ufunc_reconstruct', 'numpy', 'exp'))],
    [
      'a vocabulary with telling words',
      assemble(...['import', 'os', 'system', 'eval', 'exec', '__class__'].map(op.text)),
    ],
    [
      'a text in base64',
      assemble(op.text(Buffer.from('Nothing to see here, only a sentence.').toString('base64'))),
    ],
    ['a picture in bytes', assemble(op.data(Buffer.from('\x89PNG\r\n\x1a\n0000000000', 'latin1')))],
    [
      'a default of a dict',
      assemble(op.global('collections', 'defaultdict'), op.global('builtins', 'list'), op.tuple1, op.reduce),
    ],
    [
      'a class of a known package',
      assemble(op.global('timm.models.resnet', 'ResNet'), op.emptyTuple, op.newObj, op.emptyDict, op.build),
    ],
    [
      'torch before 1.6',
      oldTorch(assemble(op.int(1)), assemble(op.emptyDict), assemble(op.emptyDict), assemble(op.emptyList)),
    ],
  ])('%s', async (_, content) => {
    expect(await judged(content)).toEqual({ verdict: 'clean', kinds: [] });
  });
});

describe('what a known class is called with', () => {
  test.each<[string, Uint8Array]>([
    [
      'a path for a constructor',
      assemble(callOf('sentence_transformers.SentenceTransformer', 'SentenceTransformer', 'a/b')),
    ],
    ['a text for a constructor of a package', assemble(callOf('torchvision.models.resnet', 'ResNet', 'x'))],
    ['a function of a package', assemble(callOf('timm.models.helpers', 'anything', 'x'))],
    ['a call of a class of an unknown package', assemble(op.global('net', 'Net'), op.emptyTuple, op.newObj)],
  ])('%s is suspicious', async (_, content) => {
    expect((await judged(content)).verdict).toBe('suspicious');
  });
});

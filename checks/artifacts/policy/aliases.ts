/** Old and C-level names of modules, and what they are today (CPython's `_compat_pickle`, and twins in C). */
const MODULES: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['__builtins__', 'builtins'],
  ['exceptions', 'builtins'],
  ['copy_reg', 'copyreg'],
  ['Queue', 'queue'],
  ['SocketServer', 'socketserver'],
  ['ConfigParser', 'configparser'],
  ['repr', 'reprlib'],
  ['tkFileDialog', 'tkinter.filedialog'],
  ['tkSimpleDialog', 'tkinter.simpledialog'],
  ['dbhash', 'dbm.bsd'],
  ['dumbdbm', 'dbm.dumb'],
  ['gdbm', 'dbm.gnu'],
  ['anydbm', 'dbm'],
  ['whichdb', 'dbm'],
  ['xmlrpclib', 'xmlrpc.client'],
  ['SimpleXMLRPCServer', 'xmlrpc.server'],
  ['httplib', 'http.client'],
  ['Cookie', 'http.cookies'],
  ['cookielib', 'http.cookiejar'],
  ['BaseHTTPServer', 'http.server'],
  ['SimpleHTTPServer', 'http.server'],
  ['CGIHTTPServer', 'http.server'],
  ['urllib2', 'urllib.request'],
  ['urlparse', 'urllib.parse'],
  ['commands', 'subprocess'],
  ['UserDict', 'collections'],
  ['UserList', 'collections'],
  ['UserString', 'collections'],
  ['StringIO', 'io'],
  ['cStringIO', 'io'],
  ['_abcoll', 'collections.abc'],
  ['_multiprocessing', 'multiprocessing.connection'],
  ['multiprocessing.forking', 'multiprocessing.reduction'],
  ['_socket', 'socket'],
  ['cPickle', 'pickle'],
  ['_pickle', 'pickle'],
  ['_functools', 'functools'],
  ['_operator', 'operator'],
  ['_io', 'io'],
  ['_pyio', 'io'],
  ['_posixsubprocess', 'subprocess'],
  ['_datetime', 'datetime'],
  ['_pydatetime', 'datetime'],
  ['_decimal', 'decimal'],
  ['_pydecimal', 'decimal'],
  ['_collections', 'collections'],
  ['_ctypes', 'ctypes'],
  ['_thread', 'thread'],
  ['_winapi', 'winapi'],
  ['_imp', 'imp'],
  ['_frozen_importlib', 'importlib'],
  ['_frozen_importlib_external', 'importlib'],
  ['_sqlite3', 'sqlite3'],
  ['_ssl', 'ssl'],
  ['_asyncio', 'asyncio'],
  ['_testcapi', 'test'],
]);

/** Names that moved, within their module or to another one, when Python 3 loads them (`_compat_pickle.NAME_MAPPING`). */
const NAMES: ReadonlyMap<string, readonly [module: string, name: string]> = new Map([
  ['__builtin__.unicode', ['builtins', 'str']],
  ['__builtin__.unichr', ['builtins', 'chr']],
  ['__builtin__.long', ['builtins', 'int']],
  ['__builtin__.basestring', ['builtins', 'str']],
  ['__builtin__.xrange', ['builtins', 'range']],
  ['__builtin__.raw_input', ['builtins', 'input']],
  ['__builtin__.reduce', ['functools', 'reduce']],
  ['builtins.reduce', ['functools', 'reduce']],
  ['__builtin__.intern', ['sys', 'intern']],
  ['itertools.izip', ['builtins', 'zip']],
  ['itertools.imap', ['builtins', 'map']],
  ['itertools.ifilter', ['builtins', 'filter']],
  ['exceptions.StandardError', ['builtins', 'Exception']],
  ['UserDict.IterableUserDict', ['collections', 'UserDict']],
  ['socket.fromfd', ['socket', 'fromfd']],
  ['_multiprocessing.Connection', ['multiprocessing.connection', 'Connection']],
  ['multiprocessing.process.Process', ['multiprocessing.context', 'Process']],
  ['urllib.urlopen', ['urllib.request', 'urlopen']],
  ['urllib.urlretrieve', ['urllib.request', 'urlretrieve']],
]);

/** The module of today that `module` means. */
export function canonicalModule(module: string): string {
  return MODULES.get(module) ?? module;
}

/** Module and name of today that `name` of `module` means; of a dotted name the first part is what moved. */
export function canonical(module: string, name: string): readonly [module: string, name: string] {
  const dot = name.indexOf('.');
  const moved = NAMES.get(`${module}.${dot < 0 ? name : name.slice(0, dot)}`);
  if (moved === undefined) return [canonicalModule(module), name];
  return [moved[0], dot < 0 ? moved[1] : `${moved[1]}${name.slice(dot)}`];
}

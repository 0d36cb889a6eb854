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

/** Names that moved to another module when Python 3 loads them. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['__builtin__.unicode', 'str'],
  ['__builtin__.unichr', 'chr'],
  ['__builtin__.long', 'int'],
  ['__builtin__.basestring', 'str'],
  ['__builtin__.xrange', 'range'],
  ['__builtin__.raw_input', 'input'],
]);

/** The module of today that `module` means. */
export function canonicalModule(module: string): string {
  return MODULES.get(module) ?? module;
}

/** The name of today that `name` of `module` means. */
export function canonicalName(module: string, name: string): string {
  return NAMES.get(`${module}.${name}`) ?? name;
}

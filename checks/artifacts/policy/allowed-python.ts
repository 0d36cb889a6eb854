import type { NameTable } from './names.ts';

/** Plain types of the standard library. */
export const ALLOWED_PYTHON: NameTable = {
  builtins:
    'object list dict set frozenset tuple bytes bytearray str int float complex bool slice range NoneType Ellipsis NotImplemented ArithmeticError AssertionError AttributeError Exception IndexError KeyError LookupError NotImplementedError OverflowError RuntimeError StopIteration TypeError UnicodeDecodeError ValueError Warning ZeroDivisionError DeprecationWarning FutureWarning RuntimeWarning UserWarning BaseException BufferError EOFError FileExistsError FileNotFoundError FloatingPointError IOError ImportError ModuleNotFoundError KeyboardInterrupt MemoryError NameError OSError PermissionError RecursionError ReferenceError StopAsyncIteration SyntaxError SystemError TimeoutError ConnectionError UnicodeEncodeError UnicodeError ResourceWarning',
  copyreg: '_reconstructor',
  _codecs: 'encode',
  collections: 'OrderedDict defaultdict Counter deque ChainMap UserDict UserList UserString',
  'collections.abc': 'Mapping Sequence Iterable Callable',
  datetime: 'datetime date time timedelta timezone',
  decimal: 'Decimal',
  fractions: 'Fraction',
  functools: 'partial',
  uuid: 'UUID SafeUUID',
  zoneinfo: 'ZoneInfo ZoneInfo._unpickle',
  array: 'array _array_reconstructor',
  _struct: 'Struct',
  re: '_compile',
  ipaddress: 'IPv4Address IPv6Address IPv4Network IPv6Network ip_address',
  pathlib: 'PurePath PurePosixPath PureWindowsPath PosixPath WindowsPath Path',
  'pathlib._local': 'PurePath PurePosixPath PureWindowsPath PosixPath WindowsPath Path',
  argparse: 'Namespace',
  types: 'SimpleNamespace',
  operator: 'itemgetter',
  time: 'struct_time',
  random: 'Random',
  itertools: 'count',
  numbers: 'Number',
  math: 'exp log sqrt sin cos tanh',
};

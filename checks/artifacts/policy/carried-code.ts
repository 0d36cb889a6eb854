import type { Capability } from './grade.ts';

/** What a code object names that a model has no need for. */
export interface NamedDanger {
  readonly capability: Capability;
  /** The names or the beginning of the text. */
  readonly shown: string;
  /** Completes "Carries Python code that …". */
  readonly reason: string;
}

/** What is known of one code object. */
export interface CodeContent {
  /** What it looks up: globals, attributes, modules. */
  readonly names: readonly string[];
  /** True where the name at `index` may be looked up as a global, not only as an attribute of something. */
  readonly isGlobal: (index: number) => boolean;
  /** Names of local variables and cells. */
  readonly locals: readonly string[];
  /** Its constants that are texts, in their order. */
  readonly texts: readonly string[];
}

const words = (...lines: readonly string[]): ReadonlySet<string> => new Set(lines.join(' ').split(' '));

const PROCESS = words(
  'subprocess _posixsubprocess Popen popen popen2 popen3 popen4 check_output check_call getoutput getstatusoutput',
  'system startfile posix_spawn posix_spawnp spawn spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe',
  'execl execle execlp execlpe execv execve execvp execvpe fork forkpty fork_exec pty pexpect posix nt _winapi',
  'win32api win32com create_subprocess_exec create_subprocess_shell subprocess_exec subprocess_shell dup2 pip ensurepip',
);

const CODE = words(
  'exec execfile __import__ importlib _frozen_importlib import_module imp _imp load_source load_module exec_module',
  'runpy run_path run_module codeop zipimport marshal builtins __builtin__ __builtins__ __subclasses__ __globals__',
  '__code__ __closure__ __bases__ __base__ __mro__ __loader__ __spec__ __self__ f_globals f_builtins f_locals f_back',
  'f_code gi_frame gi_code cr_frame cr_code ag_frame tb_frame _getframe _current_frames settrace setprofile func_globals',
  'func_code CodeType FunctionType LambdaType InteractiveInterpreter InteractiveConsole runcode runsource get_objects',
  'get_referrers get_referents spec_from_file_location module_from_spec SourceFileLoader addsitedir load_inline',
  'cpp_extension _make_function _make_skel_func _create_function _create_code',
);

const NETWORK = words(
  'socket _socket socketserver create_connection open_connection telnetlib ftplib smtplib paramiko asyncore',
);

const NATIVE = words(
  'ctypes _ctypes cffi _cffi_backend CDLL cdll PyDLL pydll WinDLL windll OleDLL LoadLibrary load_library dlopen FFI mmap',
  'pythonapi string_at from_address memmove LowLevelCallable faulthandler',
);

const TABLES: readonly (readonly [ReadonlySet<string>, Capability, string])[] = [
  [PROCESS, 'process', 'can start programs'],
  [CODE, 'code', 'can run other code or reach into the interpreter'],
  [NETWORK, 'network', 'can open connections of its own'],
  [NATIVE, 'native', 'reaches native code or raw memory'],
];

/** Harmful as functions of Python; as methods (`model.eval()`, `re.compile()`) they are everyday names. */
const GLOBAL_ONLY = words('eval compile');

/** What looks things up by a text. */
const REFLECTIVE = words(
  'getattr setattr vars globals locals modules __dict__ __getattribute__ __getattr__ attrgetter methodcaller',
  'getattr_static getmembers format_map',
);

/** Texts that lead out of any object, wherever they stand. */
const ESCAPE =
  /__(?:builtins|globals|subclasses|import|code|bases|base|mro|loader|closure)__|\bfunc_globals\b|\bf_globals\b/;

/** Texts that are the name of something harmful, and hardly anything else. */
const TELLING_TEXT = words(
  'subprocess ctypes builtins importlib import_module marshal runpy popen Popen check_output check_call getoutput execv',
  'execve execvp posix_spawn posix pty fork_exec _posixsubprocess __builtin__ cffi CDLL dlopen _getframe',
);

const SHELL: readonly RegExp[] = [
  /(?:curl|wget)\s[^|\n]{1,200}\|\s{0,5}(?:ba|z|da)?sh\b/,
  /\/dev\/(?:tcp|udp)\/|\bnc\s{1,5}-\w{0,4}e|\b(?:ba|z)?sh\s{1,5}-[ic]\b|\/bin\/(?:ba|z|da)?sh\b/,
  /\bpowershell(?:\.exe)?\s|\bcmd(?:\.exe)?\s{1,5}\/c\b|\brm\s{1,5}-[rf]{2}\b|\bchmod\s{1,5}\+x\b|\bmkfifo\s/,
  /\bpython[23]?\s{1,5}-c\s/,
];

const SOURCE: readonly RegExp[] = [
  /^\s{0,8}(?:import|from)\s{1,5}(?:os|sys|subprocess|socket|pty|ctypes|marshal|builtins)\b[^\n]{0,200}[\n;]/,
  /(?:^|[^\w.])(?:exec|eval)\s{0,5}\(\s{0,5}(?:compile|__import__|base64|bytes|open|input|"|')/,
  /\bos\s{0,3}\.\s{0,3}(?:system|popen|exec[lv]p?e?)\s{0,5}\(/,
  /\bsubprocess\s{0,3}\.\s{0,3}(?:Popen|run|call|check_output|check_call|getoutput)\s{0,5}\(/,
];

const SEEN_CHARACTERS = 65_536;
/** Longer texts are no pieces of a name. */
const MOST_PIECE = 40;
const SHOWN = 80;

const shownText = (text: string): string => JSON.stringify(text.slice(0, SHOWN));

function inNames({ names, isGlobal }: CodeContent): NamedDanger[] {
  const dangers: NamedDanger[] = [];
  const found = new Map<string, string[]>();
  for (const [index, name] of names.entries()) {
    if (GLOBAL_ONLY.has(name) && isGlobal(index)) {
      found.set('code', [...(found.get('code') ?? []), name]);
      continue;
    }
    for (const part of name.split('.')) {
      const table = TABLES.find(([set]) => set.has(part));
      if (table !== undefined) found.set(table[1], [...(found.get(table[1]) ?? []), part]);
    }
  }
  for (const [, capability, reason] of TABLES) {
    const shown = [...new Set(found.get(capability))].slice(0, 8).join(', ');
    if (shown !== '') dangers.push({ capability, shown, reason: `${reason}: it names ${shown}` });
  }
  return dangers;
}

function inText(text: string): NamedDanger | undefined {
  const seen = text.slice(0, SEEN_CHARACTERS);
  const shown = shownText(seen);
  if (ESCAPE.test(seen) || TELLING_TEXT.has(seen))
    return { capability: 'code', shown, reason: `holds the name of a way into the interpreter, ${shown}` };
  if (SHELL.some((pattern) => pattern.test(seen)))
    return { capability: 'process', shown, reason: `holds a command for a shell, ${shown}` };
  if (SOURCE.some((pattern) => pattern.test(seen)))
    return { capability: 'code', shown, reason: `holds other code as a text, ${shown}` };
  return undefined;
}

const PIECED = new RegExp(
  `${ESCAPE.source}|subprocess|importlib|import_module|popen|ctypes|check_output|posix_spawn|execv`,
);

const backwards = (text: string): string => [...text].toReversed().join('');

/** Names put together from pieces, in code that looks things up by texts. */
function inPieces({ names, texts }: CodeContent): NamedDanger | undefined {
  if (!names.some((name) => REFLECTIVE.has(name))) return undefined;
  const pieces = texts.filter(({ length }) => length <= MOST_PIECE);
  const joined = pieces.join('');
  const found = [joined, backwards(joined), pieces.map(backwards).join('')].find((text) => PIECED.test(text));
  if (found === undefined) return undefined;
  const shown = PIECED.exec(found)?.[0] ?? '';
  return { capability: 'code', shown, reason: `looks up by a text what its texts make up, ${shown}` };
}

/**
 * What a code object shows of harm, by what it names and by its texts: starting programs, running other code, raw
 * connections, native code, commands and code in texts. Files, loaders and libraries for the web are none of it. An
 * empty list is no proof of harmlessness: names can be worked out while the code runs.
 */
export function dangersOfCode(content: CodeContent): readonly NamedDanger[] {
  const dangers = inNames(content);
  const escaping = content.locals.find((name) => ESCAPE.test(name));
  if (escaping !== undefined)
    dangers.push({
      capability: 'code',
      shown: escaping,
      reason: `reaches into the interpreter by ${escaping}`,
    });
  for (const text of content.texts) {
    const danger = inText(text);
    if (danger !== undefined) dangers.push(danger);
    if (dangers.length >= 8) return dangers;
  }
  const pieced = inPieces(content);
  if (pieced !== undefined) dangers.push(pieced);
  return dangers;
}

/** What a module of this dotted name shows of harm, when carried code has it at hand. */
export const dangersOfModule = (name: string): readonly NamedDanger[] =>
  inNames({ names: [name], isGlobal: () => true, locals: [], texts: [] });

/** Looks up by a text, and has the text `system` or the like: harmful where the module os is at hand. */
export function mayReachSystem({ names, texts }: CodeContent): boolean {
  if (!names.some((name) => REFLECTIVE.has(name))) return false;
  const joined = texts.filter(({ length }) => length <= MOST_PIECE).join('');
  return /system|spawn[lv]|fork|startfile/.test(joined + backwards(joined));
}

/** True for the names by which code gets at the functions of the operating system. */
export const touchesSystem = (names: readonly string[]): boolean =>
  names.some((name) => name.split('.').some((part) => part === 'os' || part === 'sys'));

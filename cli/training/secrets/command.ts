import { isPlain, isReference, isSecretHeader, isSecretName, isWeakName, MASK } from './names.ts';
import { type Program, programOf } from './programs.ts';
import { masked } from './text.ts';

/** A shell in a shell in a shell. */
const MOST_DEPTH = 4;
const IS_OPTION = /^-{1,2}[A-Za-z][\w.-]*$/;
/** An option after one that is named like a secret: that one has no value then. `-hunter2` is no option. */
const NEXT_OPTION = /^(?:-[A-Za-z0-9]|--[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*(?:=.*)?)$/s;
const USER = /^(?:-u|-U|--(?:proxy-)?user|--(?:[\w-]+-)?auth|--login|--userpass|--account)$/;
const USER_NAME = /^(?:-u|-U|--user(?:name)?|--login)$/;
const SWITCH = /^--(?:use|with|has|enable|disable|is|ask|prompt|skip|require)[-_]/;

/** Names of files too: `--creds gcp.json`. */
const HOLDS_PATH = /(?:keys?|creds?|credentials?|cookie)$/i;
/** What follows is read by a shell or an interpreter. */
const RUNS = /^-[a-z]*c$/;

type Say = (name: string) => string;

/** `bob:***` of `bob:secret`; null where it is no pair of name and password. */
function pairOf(value: string, hide: () => string): string | null {
  const [, name, word] = /^([^:%]*)[:%]([\s\S]+)$/.exec(value) ?? [];
  if (name === undefined || word === undefined || isReference(word)) return null;
  if (/^\d+$/.test(name) || /^\d{1,5}$/.test(word) || word.startsWith('//') || word.startsWith('\\'))
    return null;
  return `${value.slice(0, name.length + 1)}${hide()}`;
}

/** The value of an option, masked; null where it may be kept. */
function valueOf(option: string, value: string, separate: boolean, hide: () => string): string | null {
  if (USER.test(option)) {
    const pair = pairOf(value, hide);
    if (pair !== null) return pair;
  }
  if (isReference(value) || value === '') return null;
  if (separate && (NEXT_OPTION.test(value) || (SWITCH.test(option) && value.startsWith('-')))) return null;
  if (HOLDS_PATH.test(option) && isPlain(value)) return null;
  if (isSecretName(option)) return hide();
  return isWeakName(option) && option.startsWith('-') && !isPlain(value) ? hide() : null;
}

/** `Authorization: Bearer ***` of a header that is one argument; null where it may be kept. */
function headerOf(word: string, hide: Say): string | null {
  const [, option = '', name, between, scheme = '', value] =
    /^(-H|--(?:proxy-)?header=)?([A-Za-z][\w-]{2,60})(:\s*)((?:bearer|basic|token|digest|apikey)\s+)?([\s\S]+)$/i.exec(
      word,
    ) ?? [];
  if (!name || !value || !isSecretHeader(name) || isReference(value) || value.startsWith('//')) return null;
  return `${option}${name}${between}${scheme}${hide(name)}`;
}

interface State {
  program: Program | undefined;
  hasUser: boolean;
}

/** What a short option of a known program holds; null where it may be kept. */
function shortOf(before: string, word: string, { program, hasUser }: State, hide: Say): string | null {
  const known = program?.options.find((option) => before === option);
  if (known !== undefined && !word.startsWith('-') && !isReference(word))
    return known !== '-b' || word.includes('=') ? hide(known) : null;
  if (hasUser && before === '-p' && !/^(?:-|\d+(?::\d+)?$)/.test(word) && !isPlain(word)) return hide('-p');
  const attached = program?.attached
    ? program.options.find((option) => word.startsWith(option) && word.length > option.length)
    : undefined;
  if (attached !== undefined && !isReference(word.slice(attached.length))) return attached + hide(attached);
  return null;
}

/** One word of a command, masked by what stands before it; null where nothing is to be masked so. */
function maskWord(words: readonly string[], at: number, state: State, say: Say): string | null {
  const word = words[at] ?? '';
  const before = words[at - 1] ?? '';
  const isPython = /(?:^|\/)python[\d.]*$/.test(words[at - 2] ?? '');
  if (IS_OPTION.test(before)) {
    const value = valueOf(before, word, true, () => say(before));
    if (value !== null) return value;
  }
  const short = shortOf(before, word, state, say);
  if (short !== null) return short;
  if (USER_NAME.test(before) && !isPython && /^[\w@+-][\w.@+-]*$/.test(word) && !/\.\w{1,5}$/.test(word))
    state.hasUser = true;
  const [, user, pair] = /^(-[uU])([^\s:=-][^\s]*)$/.exec(word) ?? [];
  if (user !== undefined && pair !== undefined) {
    const safe = pairOf(pair, () => say(user));
    if (safe !== null) return user + safe;
  }
  const [, name, value] = RUNS.test(before) ? [] : (/^(-{0,2}[A-Za-z_][\w.-]*)=([\s\S]*)$/.exec(word) ?? []);
  if (name !== undefined && value !== undefined) {
    const safe = valueOf(name, value.replace(/^(["'])(.*)\1$/s, '$2'), false, () => say(name));
    if (safe !== null && !isConnection(name, value)) return `${name}=${safe}`;
  }
  return headerOf(word, say);
}

/** `Password=x;Encrypt=no`: more follows what is secret. */
const isConnection = (name: string, value: string): boolean =>
  !name.startsWith('-') && /^[^;&]*[;&][A-Za-z][\w ]*=/.test(value);

const WORD = /(?:\$\([^()]*\)|\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'[^']*'|[^\s"'\\;|&()])+|[;|&()]+|["'\\]/g;

/** A text that a shell may read: each word by what stands before it. */
function maskShell(text: string, say: Say, depth: number): string {
  const found = [...text.matchAll(WORD)];
  const plain = found.map(([word]) => word.replace(/^(["'])([\s\S]*)\1$/, '$2'));
  const safe = maskWords(plain, say, depth);
  let kept = '';
  let end = 0;
  for (const [at, { 0: word, index }] of found.entries()) {
    const quote = word.length > 1 && plain[at] !== word ? word[0] : '';
    kept += text.slice(end, index) + (safe[at] === plain[at] ? word : `${quote}${safe[at]}${quote}`);
    end = index + word.length;
  }
  return kept + text.slice(end);
}

function maskWords(words: readonly string[], say: Say, depth: number): string[] {
  const state: State = { program: undefined, hasUser: false };
  return words.map((word, at) => {
    if (/^[;|&()]+$/.test(word)) {
      state.program = undefined;
      state.hasUser = false;
      return word;
    }
    const safe = maskWord(words, at, state, say);
    state.program = programOf(word) ?? state.program;
    if (safe !== null) return safe;
    return depth < MOST_DEPTH && /\s/.test(word) ? maskShell(word, say, depth + 1) : word;
  });
}

/** The arguments of a command without secrets: also what follows an argument that is named like one. */
export function maskedCommand(command: readonly string[]): { command: string[]; what: readonly string[] } {
  const what = new Set<string>();
  const say = (name: string): string => {
    what.add(`the value of ${name}`);
    return MASK;
  };
  const kept = maskWords(command, say, 0).map((word) => {
    const own = masked(word);
    for (const each of own.what) what.add(each);
    return own.text;
  });
  return { command: kept, what: [...what] };
}

import { binaryTexts } from './binary.ts';
import { isSecretFile, isSettingsFile, isShellFile } from './files.ts';
import { MASK } from './names.ts';
import { type Kind, type Masked, masked } from './text.ts';

const HEAD = /^(?:diff --git (.+)|[+-]{3} (.+)|(?:rename|copy) (?:from|to) (.+))$/gm;
const BINARY = /^GIT binary patch$/m;
const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** `"a/cl\303\251"` as git quotes it, without quotes. */
function unquoted(name: string): string {
  const bytes: Buffer[] = [];
  for (const [whole, escape, plain] of name.matchAll(/\\([0-3][0-7]{2}|.)|([^\\]+|\\$)/gs))
    bytes.push(
      plain !== undefined || escape === undefined
        ? Buffer.from(whole)
        : escape.length === 3
          ? Buffer.from([Number.parseInt(escape, 8)])
          : Buffer.from(ESCAPES[escape] === undefined ? escape : [ESCAPES[escape]]),
    );
  return Buffer.concat(bytes).toString('utf8');
}

const QUOTED = /"((?:[^"\\]|\\.)*)"/g;

/**
 * Every name that the head of a file's part of a patch may say, whatever stands before it (`a/`, `w/`, nothing) and
 * however git wrote it. Where names with spaces could be read in two ways, both.
 */
function namesOf(part: string): string[] {
  const content = part.search(/^@@|^GIT binary/m);
  const head = content === -1 ? part : part.slice(0, content);
  return [...head.matchAll(HEAD)].flatMap(([, both, one, moved]) => {
    const text = (both ?? one ?? moved ?? '').replace(/\t$/, '');
    const quoted = [...text.matchAll(QUOTED)].map(([, name = '']) => unquoted(name));
    const rest = text.replaceAll(QUOTED, ' ').trim();
    const halves = both === undefined ? [] : [rest.slice(0, rest.length >> 1), rest.slice(rest.length >> 1)];
    return [...quoted, ...halves, ...(both === undefined ? [rest] : rest.split(' '))]
      .map((name) => name.trim().replace(/^[a-z]\//, ''))
      .filter((name) => name !== '' && name !== '/dev/null' && name !== 'dev/null');
  });
}

/** The names of contents let guesses of secrets be tried. */
const withoutDigests = (part: string): string =>
  part.replace(/^index [0-9a-f]+\.\.[0-9a-f]+/m, 'index 0000000..0000000');

/** Every line of content is gone; that lines came and went stays. */
function withoutContent(part: string): string {
  let isContent = false;
  return withoutDigests(part)
    .split('\n')
    .map((line) => {
      if (/^@@ |^GIT binary patch/.test(line)) {
        isContent = true;
        return line.replace(/^(@@ [^@]*@@).*$/, '$1');
      }
      return isContent && line.length > 1 ? `${/^[ +-]/.test(line) ? line[0] : ''}${MASK}` : line;
    })
    .join('\n');
}

function maskBinary(part: string, name: string, what: Set<string>): string {
  const texts = binaryTexts(part);
  if (texts?.every((text) => masked(text, 'code').what.length === 0)) return part;
  what.add(`the content of ${name}`);
  return withoutContent(part);
}

const kindOf = (names: readonly string[]): Kind =>
  names.some(isShellFile) ? 'command' : names.some(isSettingsFile) ? 'settings' : 'code';

/** Content as the file has it: a key over several lines is one only without the marks before them. */
function maskPart(part: string, names: readonly string[], what: Set<string>): string {
  if (BINARY.test(part)) return maskBinary(part, names.at(-1) ?? 'a file', what);
  const lines = part.split('\n');
  const first = lines.findIndex((line) => line.startsWith('@@ '));
  const head = first === -1 ? lines : lines.slice(0, first);
  const body = first === -1 ? [] : lines.slice(first);
  const marks = body.map((line) => (/^[ +-]/.test(line) ? (line[0] as string) : ''));
  const content = body.map((line, at) => line.slice(marks[at]?.length ?? 0)).join('\n');
  const found = masked(content, kindOf(names));
  if (found.what.length === 0) return part;
  for (const each of found.what) what.add(each);
  const kept = found.text.split('\n');
  // What was masked spans lines: which mark belongs to which line is no longer known.
  if (kept.length !== body.length) return withoutContent(part);
  const safe = kept.map((line, at) => `${marks[at] ?? ''}${line}`);
  return withoutDigests([...head, ...safe].join('\n'));
}

/**
 * A patch (`git diff --binary --no-renames`) without secrets. Of files that hold nothing else (`.env`, keys), and of
 * files whose names cannot be told, no line is kept.
 */
export function maskedPatch(patch: string): Masked {
  const what = new Set<string>();
  const parts = patch.split(/^(?=diff --git )/m).map((part) => {
    if (part.trim() === '') return part;
    const names = namesOf(part);
    const secret = names.length === 0 ? 'a file without a name' : names.find(isSecretFile);
    if (secret === undefined) return maskPart(part, names, what);
    what.add(`the lines of ${secret}`);
    return withoutContent(part);
  });
  return { text: parts.join(''), what: [...what] };
}

import type { Severity } from '../../types.ts';
import { cut } from '../core/text.ts';
import { type JinjaBlock, type JinjaToken, jinjaBlocks } from './tokens.ts';

export interface TemplateFinding {
  readonly severity: Severity;
  readonly message: string;
  /** UTF-16 offset in the template. */
  readonly offset: number;
  readonly excerpt: string;
}

/** Attributes that lead from any Python object to its interpreter. */
const ESCAPES = new Set(
  'class mro base bases subclasses globals builtins init new import getattribute getattr getitem dict code func self module loader reduce reduce_ex closure defaults wrapped spec file call enter exit setattr delattr weakref slots annotations'
    .split(' ')
    .map((name) => `__${name}__`),
);

/** Attributes of frames, generators and functions that do the same, and calls that end in a process or a file. */
const GADGETS = new Set([
  ...'mro func_globals func_code func_closure gi_frame gi_code cr_frame cr_code ag_frame f_globals f_locals f_builtins f_code f_back tb_frame tb_next co_code'.split(
    ' ',
  ),
  ...'popen system import_module check_output spawn exec_module load_module execv execve from_code environ'.split(
    ' ',
  ),
]);

/** Objects of the renderer itself whose attributes lead out of it. */
const RENDERER_OBJECTS = new Set(['cycler', 'joiner', 'lipsum', 'self', 'url_for', 'get_flashed_messages']);
const BUILT_INS = new Set(['__import__', 'eval', 'exec', 'open', 'compile', 'getattr', 'globals', 'vars']);
const DUNDER = /__[a-z_]{2,30}__/g;
const MOST_FINDINGS = 20;
/** Tokens in one subscript that are looked at. */
const MOST_PIECES = 256;

/**
 * What in a template reaches for the interpreter (server-side template injection). Reads the code as tokens: names,
 * attributes by dot, subscript or `attr`, and strings put together from pieces, also through variables, backwards or
 * by escapes. In prose only
 * blocks count that end: braces mean other things too. Throws `ScanFault` on templates beyond the limits.
 */
export function judgeTemplate(template: string, { isProse = false } = {}): TemplateFinding[] {
  const all = jinjaBlocks(template);
  const blocks = isProse ? all.filter(({ isClosed, tokens }) => isClosed && tokens.length <= 400) : all;
  const known = constants(blocks);
  const findings: TemplateFinding[] = [];
  for (const block of blocks) {
    for (const found of judgeBlock(block, known)) {
      if (findings.length >= MOST_FINDINGS) return findings;
      findings.push({
        severity: found.severity,
        message: found.message,
        offset: found.token.offset,
        excerpt: cut(template.slice(block.offset, block.offset + 400), 240),
      });
    }
  }
  return findings;
}

interface Hit {
  readonly severity: Severity;
  readonly message: string;
  readonly token: JinjaToken;
}

function judgeBlock({ tokens, kind }: JinjaBlock, known: ReadonlyMap<string, string>): Hit[] {
  const hits: Hit[] = [];
  const add = (token: JinjaToken, severity: Severity, message: string) =>
    hits.push({ token, severity, message });
  const first = tokens[0];
  if (kind === 'statement' && first && ['include', 'import', 'from', 'extends'].includes(first.text)) {
    add(first, 'medium', `The template loads another one with "${first.text}".`);
  }
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const next = tokens[index + 1];
    if (token.kind === 'name') judgeName(token, before, next, add);
    if (token.text === 'attr' && before?.text === '|') judgeAttr(tokens, index, known, add);
    if (token.text === '[' && token.kind === 'operator') judgeSubscript(tokens, index, known, add);
  });
  judgeStrings(tokens, known, add);
  return hits;
}

type Add = (token: JinjaToken, severity: Severity, message: string) => void;

function judgeName(
  token: JinjaToken,
  before: JinjaToken | undefined,
  next: JinjaToken | undefined,
  add: Add,
) {
  const { text } = token;
  if (ESCAPES.has(text)) add(token, 'high', `The template reaches for ${text}.`);
  else if (/^__.{1,40}__$/.test(text))
    add(token, 'medium', `The template uses the special name ${cut(text)}.`);
  else if (before?.text === '.' && MANGLED.test(text))
    add(token, 'high', `The template reaches for the private attribute ${cut(text)}.`);
  else if (before?.text !== '.' && text !== '__' && PIECE.test(text))
    add(token, 'medium', `The template writes a part of a special name: ${cut(text)}.`);
  else if (before?.text === '.' && GADGETS.has(text)) {
    add(token, 'high', `The template reaches for the attribute ${text}.`);
  } else if (before?.text !== '.' && before?.text !== '|' && next?.text === '(' && BUILT_INS.has(text)) {
    add(token, 'high', `The template calls ${text}.`);
  } else if (
    before?.text !== '.' &&
    RENDERER_OBJECTS.has(text) &&
    (next?.text === '.' || next?.text === '[' || next?.text === '|') &&
    text !== 'self'
  ) {
    add(token, 'medium', `The template looks into the renderer's own object ${text}.`);
  }
}

function judgeAttr(
  tokens: readonly JinjaToken[],
  index: number,
  known: ReadonlyMap<string, string>,
  add: Add,
): void {
  const token = tokens[index] as JinjaToken;
  const name = tokens[index + 1]?.text === '(' ? fold(tokens, index + 2, ')', known) : undefined;
  if (name === undefined)
    add(token, 'medium', 'The template asks for an attribute by a computed name (attr).');
  else if (isEscape(name)) add(token, 'high', `The template reaches for ${cut(name)} through attr.`);
}

function judgeSubscript(
  tokens: readonly JinjaToken[],
  index: number,
  known: ReadonlyMap<string, string>,
  add: Add,
): void {
  const before = tokens[index - 1];
  const isSubscript = before !== undefined && (before.kind === 'name' || /^[\])]$/.test(before.text));
  if (!isSubscript) return;
  const name = fold(tokens, index + 1, ']', known);
  const token = tokens[index] as JinjaToken;
  if (name === undefined) {
    const near = tokens.slice(index + 1, index + MOST_PIECES);
    const end = near.findIndex(({ text }) => text === ']');
    const inside = end < 0 ? near : near.slice(0, end);
    if (inside.some(({ text, kind }) => text === '~' && kind === 'operator')) {
      add(token, 'medium', 'The template puts an attribute name together from parts.');
    }
  } else if (isEscape(name)) add(token, 'high', `The template reaches for ${cut(name)} by subscript.`);
}

/** Dunders inside strings: whole, from pieces side by side, or backwards; and format strings that make characters. */
function judgeStrings(tokens: readonly JinjaToken[], known: ReadonlyMap<string, string>, add: Add): void {
  const strings = tokens.flatMap((token) => {
    if (token.kind === 'string') return [{ token, text: token.text }];
    const value = token.kind === 'name' ? known.get(token.text) : undefined;
    return value === undefined ? [] : [{ token, text: value }];
  });
  const [start] = strings;
  if (start === undefined) return;
  const joined = strings.map(({ text }) => text).join('');
  const reversed = [...joined].toReversed().join('');
  for (const text of [joined, reversed]) {
    const name = text.match(DUNDER)?.find((candidate) => ESCAPES.has(candidate));
    if (name !== undefined) {
      const whole = strings.find((candidate) => candidate.text.includes(name)) ?? start;
      add(whole.token, 'high', `The template spells ${name} in strings.`);
      return;
    }
  }
  const piece = strings.find(({ text }) => PIECE.test(text));
  if (piece) add(piece.token, 'medium', `The template writes a part of a special name: ${cut(piece.text)}.`);
  const formatted = strings.find(({ text }) => /%c/.test(text));
  if (formatted) add(formatted.token, 'medium', 'The template makes characters from numbers (%c).');
}

/** A private attribute as Python spells it from outside its class. */
const MANGLED = /^_[A-Z][A-Za-z0-9]{1,60}__\w{1,60}$/;
/** Underscores beside what special names are made of, whatever a filter makes of the rest. */
const PIECE =
  /^__(?:c|cl|cla|cls|clas|class|sub|mro|base|init|imp|glo|bui|get|code|dict|red|new|call)|(?:ss|ls|es|ns|bals|tins|code|dict|mro|ase|mport|nit|_)__$|__cl\w{0,4}s|__glo|__built|__subc|__mro|__impo|__init/i;

function isEscape(name: string): boolean {
  return ESCAPES.has(name) || GADGETS.has(name) || BUILT_INS.has(name) || /^__.{1,40}__$/.test(name);
}

/** The string that literals and known variables joined by `~`, `+` or nothing make up; undefined if anything else is in it. */
function fold(
  tokens: readonly JinjaToken[],
  start: number,
  closer: string,
  known: ReadonlyMap<string, string>,
): string | undefined {
  let text = '';
  let pieces = 0;
  for (let at = start; at < Math.min(tokens.length, start + MOST_PIECES); at += 1) {
    const token = tokens[at] as JinjaToken;
    if (token.kind === 'operator') {
      if (token.text === closer || token.text === '-' || token.text === '%')
        return pieces > 0 ? text : undefined;
      if (token.text !== '~' && token.text !== '+') return undefined;
      continue;
    }
    const piece = token.kind === 'string' ? token.text : known.get(token.text);
    if (piece === undefined) return undefined;
    text += piece;
    pieces += 1;
  }
  return pieces > 0 ? text : undefined;
}

/** Variables that `{% set x = "…" %}` and keyword arguments of a `with` make constant strings. */
function constants(blocks: readonly JinjaBlock[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const { kind, tokens } of blocks) {
    const word = tokens[0]?.text;
    if (kind !== 'statement' || (word !== 'set' && word !== 'with')) continue;
    const name = tokens[1];
    if (name?.kind !== 'name' || tokens[2]?.text !== '=') continue;
    const end: JinjaToken = { kind: 'operator', text: '\n', offset: 0 };
    const value = fold([...tokens.slice(3), end], 0, '\n', known);
    if (value !== undefined && value.length <= 200) known.set(name.text, value);
  }
  return known;
}

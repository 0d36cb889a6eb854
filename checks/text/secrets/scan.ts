import { ASSIGNED_RULES } from './assigned.ts';
import { keyBlocks } from './blocks.ts';
import { judgeAssignment, nameWords } from './generic.ts';
import { INFIX_RULES } from './infix.ts';
import { isHollowToken, isPlaceholder } from './placeholder.ts';
import type { InfixRule, TokenRule } from './rule.ts';
import { AI_TOKENS } from './tokens-ai.ts';
import { CLOUD_TOKENS } from './tokens-cloud.ts';
import { SERVICE_TOKENS } from './tokens-services.ts';

export const TOKEN_RULES: readonly TokenRule[] = [...AI_TOKENS, ...CLOUD_TOKENS, ...SERVICE_TOKENS];

export interface Find {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly title: string;
  readonly score: number;
}

/** What the scan looks for. */
export interface Wanted {
  readonly tokens: boolean;
  readonly privateKeys: boolean;
  readonly urlPasswords: boolean;
  readonly assignments: boolean;
  readonly skip: ReadonlySet<string>;
}

/** Runs of fewer printable characters hold no token of the tables. */
const SHORTEST_TOKEN = 16;
/** Characters of a run that are looked at; no rule matches more. */
export const LONGEST_RUN = 8192;

const BY_PREFIX = (() => {
  const table = new Map<string, TokenRule[]>();
  for (const rule of TOKEN_RULES) {
    for (const prefix of rule.prefixes) {
      const key = prefix.slice(0, 3);
      const rules = table.get(key) ?? [];
      if (!rules.includes(rule)) rules.push(rule);
      table.set(key, rules);
    }
  }
  return table;
})();

const isAlnum = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

function scanTokens(text: string, from: number, to: number, finds: Find[]): void {
  let previous = false;
  for (let i = from; i < to; i++) {
    const current = isAlnum(text.charCodeAt(i));
    if (current && !previous) {
      for (const rule of BY_PREFIX.get(text.slice(i, i + 3)) ?? []) {
        rule.pattern.lastIndex = i;
        const match = rule.pattern.exec(text)?.[0];
        if (match === undefined || isHollowToken(match) || rule.accept?.(match) === false) continue;
        finds.push({ start: i, end: i + match.length, kind: rule.id, title: rule.title, score: rule.score });
      }
    }
    previous = current;
  }
}

function scanInfix(rules: readonly InfixRule[], run: string, from: number, finds: Find[]): void {
  for (const rule of rules) {
    if (!run.includes(rule.needle)) continue;
    for (const match of run.matchAll(rule.pattern)) {
      const secret = match.groups?.['secret'] ?? match[0];
      const offset = match[0].lastIndexOf(secret);
      const hollow =
        rule.id === 'url-password' ? isPlaceholder(secret) || secret === 'pass' : isHollowToken(secret);
      if (hollow || rule.accept?.(secret) === false) continue;
      const start = from + match.index + offset;
      finds.push({ start, end: start + secret.length, kind: rule.id, title: rule.title, score: rule.score });
    }
  }
}

/** Characters of a value that are judged; as in the pattern below. */
const LONGEST_VALUE = 400;
/** Parts of the names of secrets: a separator without one before it is not looked at further. */
const NAME_HINT =
  /pass|pw|secret|token|key|auth|cred|jwt|bearer|signature|pat|kennw|contra|senha|mdp|has[lł]o|wachtw|parola|salas|l[öo]sen|adgang|heslo|jelsz|[şs]ifre|парол|密|パス|비밀|heroku|cloudflare|cf|dd/i;
const NAME_BEFORE =
  /([\p{L}_$][\p{L}\p{N}_$.-]{0,60}(?: [\p{L}\p{N}_-]{1,24}){0,2})["'`\])*_]{0,3}[ \t]{0,3}(?:\([^()\n]{0,20}\)[ \t]{0,2})?[:=]?$/u;
const VALUE_AFTER =
  /(?:[:：][ \t]{0,8}\r?\n[ \t]{0,8}|[:=>：]{0,2}[ \t]{0,8})["'`(]{0,3}(?:b["'])?((?:Bearer|Basic|Token|token|ApiKey)[ ]{1,2})?["'`]?([\x21-\x7e]{4,400})/y;
const SPOKEN =
  /(?:[Pp]ass(?:word|wort|phrase|code|wd)|PASSWORD|[Kk]ey|[Tt]oken|[Ss]ecret|[Cc]redentials?) (?:is|was|are|ist|lautet|est|es|to) (?:now )?["'`:]{0,2} ?([\x21-\x7e]{6,512})/g;

/** Cuts quotes, closing brackets and the sentence's own punctuation off a value. */
function bareValue(raw: string): string {
  const quote = /["'`]/.exec(raw);
  let value = quote === null ? raw : raw.slice(0, quote.index);
  value = value.replace(/(?:[,;]|<\/?[A-Za-z]).*$/s, '');
  const closing = value.search(/[)\]}]/);
  if (closing >= 0 && !/[([{]/.test(value.slice(0, closing))) value = value.slice(0, closing);
  return value.replace(/[.,;:!?)\]}>*]{1,8}$/, (tail) => (/^!$/.test(tail) && value.length < 24 ? tail : ''));
}

function judge(name: string, value: string, spoken: boolean): Omit<Find, 'start' | 'end'> | null {
  const words = nameWords(name).slice(-6);
  const joined = words.join(' ');
  for (const rule of ASSIGNED_RULES) {
    if (rule.name.test(joined) && rule.value.test(value) && !isPlaceholder(value)) {
      return { kind: rule.id, title: rule.title, score: rule.score };
    }
  }
  const judged = judgeAssignment(words, value, spoken);
  if (judged === null) return null;
  const title =
    judged.kind === 'password' ? 'a password' : judged.kind === 'api-key' ? 'an API key' : 'a secret';
  return { ...judged, title };
}

function scanAssignment(text: string, at: number, finds: Find[]): void {
  const before = text.charCodeAt(at - 1);
  // `==`, `::`, `=>`, `>>`: the first sign has been looked at already.
  if (before === 61 || before === 58 || before === 62) return;
  const beside = text.slice(Math.max(0, at - 100), at);
  if (!NAME_HINT.test(beside.slice(-48))) return;
  const name = NAME_BEFORE.exec(beside)?.[1];
  if (name === undefined) return;
  VALUE_AFTER.lastIndex = at;
  const match = VALUE_AFTER.exec(text);
  if (match === null) return;
  const raw = match[2] ?? '';
  const value = bareValue(raw);
  const found = value.length < 4 ? null : judge(name, value, false);
  if (found === null) return;
  const start = at + match[0].length - raw.length;
  let end = start + value.length;
  // A value longer than what was looked at goes on to the end of its characters.
  if (value.length === LONGEST_VALUE)
    while (end < text.length && /[A-Za-z0-9+/=_-]/.test(text[end] as string)) end++;
  finds.push({ start, end, ...found });
}

function scanSpoken(text: string, finds: Find[]): void {
  for (const match of text.matchAll(SPOKEN)) {
    const raw = match[1] ?? '';
    const value = bareValue(raw);
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    const name = `${before} ${match[0].slice(0, match[0].indexOf(' '))}`;
    const found = value.length < 6 ? null : judge(name.replace(/^.*[\n.:;,!?]/s, ''), value, true);
    if (found === null) continue;
    const start = match.index + match[0].length - raw.length;
    finds.push({ start, end: start + value.length, ...found });
  }
}

const URL_RULES = INFIX_RULES.filter((rule) => rule.id === 'url-password');
const OTHER_INFIX = INFIX_RULES.filter((rule) => rule.id !== 'url-password');

/** One pass over the characters: runs long enough for a token, and the separators of assignments. */
function scanCharacters(text: string, wanted: Wanted, finds: Find[]): void {
  let runStart = -1;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32;
    if (code > 32 && code < 127) {
      if (runStart < 0) runStart = i;
      if ((code === 58 || code === 61) && wanted.assignments) scanAssignment(text, i, finds);
      else if (code === 62 && wanted.assignments && text.charCodeAt(i - 1) !== 61)
        scanAssignment(text, i, finds);
      continue;
    }
    if (runStart >= 0 && i - runStart >= SHORTEST_TOKEN) {
      if (wanted.tokens) scanTokens(text, runStart, i, finds);
      const run = text.slice(runStart, i);
      if (wanted.tokens) scanInfix(OTHER_INFIX, run, runStart, finds);
      if (wanted.urlPasswords) scanInfix(URL_RULES, run, runStart, finds);
    } else if (runStart >= 0 && wanted.urlPasswords && i - runStart > 8) {
      const run = text.slice(runStart, i);
      if (run.includes('://')) scanInfix(URL_RULES, run, runStart, finds);
    }
    runStart = -1;
    // The full-width colon of East Asian text.
    if (code === 0xff1a && wanted.assignments) scanAssignment(text, i, finds);
  }
}

/** Joins overlapping finds: the surer one names the span, which covers both. */
function merge(finds: Find[]): Find[] {
  const merged: Find[] = [];
  for (const find of finds.sort((a, b) => a.start - b.start || b.score - a.score)) {
    const last = merged.at(-1);
    if (last === undefined || find.start >= last.end) merged.push(find);
    else {
      const surer = find.score > last.score ? find : last;
      merged[merged.length - 1] = { ...surer, start: last.start, end: Math.max(last.end, find.end) };
    }
  }
  return merged;
}

/**
 * All secrets in `text`, in order and without overlaps. Only a private key block spans white space, so
 * everything else that is unfinished at the end of a stream lies in the last run of printable characters.
 */
export function findSecrets(text: string, wanted: Wanted): Find[] {
  const finds: Find[] = [];
  if (wanted.privateKeys) {
    for (const block of keyBlocks(text)) {
      if (block.solid)
        finds.push({
          start: block.start,
          end: block.end,
          kind: block.kind,
          title: 'a private key',
          score: 0.99,
        });
    }
  }
  scanCharacters(text, wanted, finds);
  if (wanted.assignments) scanSpoken(text, finds);
  return merge(wanted.skip.size === 0 ? finds : finds.filter((find) => !wanted.skip.has(find.kind)));
}

/** Where the unfinished part of a growing text begins: its last run of printable ASCII, or an open key block. */
export function unfinishedFrom(text: string, privateKeys: boolean): number {
  let from = text.length;
  const floor = Math.max(0, text.length - LONGEST_RUN);
  while (from > floor) {
    const code = text.charCodeAt(from - 1);
    if (code <= 32 || code >= 127) break;
    from--;
  }
  if (privateKeys && text.includes('-----BEGIN', Math.max(0, text.length - 17_000))) {
    const open = keyBlocks(text).find((block) => block.open);
    if (open !== undefined) return Math.min(from, open.start);
  }
  return from;
}

import { secretsCheck } from '@bartizan/checks/text/secrets/index.ts';
import { textInput } from '@bartizan/checks/text/types.ts';
import { maskAddresses } from './addresses.ts';
import {
  isReference,
  isSecretHeader,
  isSecretName,
  isSecretParameter,
  isWeakName,
  looksDrawn,
  MASK,
} from './names.ts';

/** As sure as the checks of datasets want to be. */
const LEAST_CERTAINTY = 0.6;
const CONFIG = secretsCheck.config.parse({});

export interface Masked {
  readonly text: string;
  /** What was masked, such as `aws-access-key`, without the values; empty where nothing was. */
  readonly what: readonly string[];
}

/**
 * Where the text is from. `command`: what is named like a secret is one, however it is written. `settings` (YAML, INI):
 * the same. `code`: what is written there is a secret only in quotes, or it is the name of something (`token: str`).
 */
export type Kind = 'command' | 'settings' | 'code';

/** One value, also of parts: `a"b c"d`, `$(cat x)`. An open quote ends where the word does. */
const VALUE =
  /(?:\$\([^()]{0,1000}\)|\$\{\{[^{}\n]{0,200}\}\}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'&;]+)+|["'][^\s"'&;]+/y;
const OPTION = /(?<![\w-])(-{1,2}[A-Za-z][\w.-]*)(=|[ \t]+)/g;
const ASSIGNED = /(?<![\w.-])([A-Za-z_][\w.-]*)(=)(?!=)/g;
const QUERY = /([?&;#])([\w.~-]+)=([^&;#\s"']+)/g;
/** `Pwd = x;` of connection strings. */
const SPACED = /(?<![\w.-])([A-Za-z_][\w.-]*)([ \t]+=[ \t]*)/g;
const SPACED_VALUE = /"[^"\n]*"|'[^'\n]*'|[^\s"';=]+/y;
const QUOTED_VALUE = /\\"(?:[^"\\\n]|\\[^"\n])*\\"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
/** `"api_key": "x"`, `'api_key': 'x'`, `api_key: "x"`, `{\"api_key\": \"x\"}`. */
const PAIR = /(?<![\w.-])(?:\\?["'])?([A-Za-z_][\w.-]*)((?:\\?["'])?(?:\s{0,8}:|\]\s{0,8}=(?!=))\s{0,8})/g;
const PAIR_VALUE = new RegExp(
  String.raw`${QUOTED_VALUE.source}|\[[^\]\n]*\]?|\$\{\{[^{}\n]{0,200}\}\}|\$\{\w{1,200}\}|[^\s,}"'\\[{]+`,
  'y',
);
const CODE = /(?<![\w.-])(?:\\?["'])?([A-Za-z_][\w.-]*)((?:\\?["'])?\]?\s{0,8}(?::=|:|=(?!=))\s{0,8})/g;
const HEADER =
  /(?<![\w-])([A-Za-z][\w-]{2,60})(:[ \t]{0,8})((?:bearer|basic|token|digest|apikey|aws4-hmac-sha256)[ \t]+)?([^\s"'\\,;)}]{3,})/gi;
const BEARER = /\b(bearer[ \t]+)([\w.~+/=-]{8,})/gi;

type Hide = (name: string) => string;

/** The value without its quotes, and what it looks like with the mask in its place. */
function inQuotes(value: string): { readonly inner: string; readonly wrap: (inner: string) => string } {
  const [, quote = ''] = /^(\\?["'])[\s\S]*\1$/.exec(value) ?? [];
  if (quote === '' || value.length < 2 * quote.length) return { inner: value, wrap: (inner) => inner };
  return { inner: value.slice(quote.length, -quote.length), wrap: (inner) => `${quote}${inner}${quote}` };
}

const isHidden = (name: string, value: string): boolean => {
  const { inner } = inQuotes(value);
  if (inner === '' || isReference(inner)) return false;
  return isSecretName(name) || (isWeakName(name) && looksDrawn(inner));
};

const isSuspect = (name: string): boolean => isSecretName(name) || isWeakName(name) || isSecretHeader(name);

/**
 * Replaces the values of names that secrets may have. `names`: global, its groups are the name and what stands between.
 * What other names have is looked through too: `run="login password=x"`.
 */
function replaceValues(
  text: string,
  [names, values]: readonly [RegExp, RegExp],
  replace: (name: string, value: string, between: string) => string | null,
): string {
  let kept = '';
  let end = 0;
  for (const { 0: whole, 1: name = '', 2: between = '', index } of text.matchAll(names)) {
    const start = index + whole.length;
    if (index < end || !isSuspect(name)) continue;
    values.lastIndex = start;
    const value = values.exec(text)?.[0];
    if (value === undefined) continue;
    const safe = replace(name, value, between);
    // The values of names that are those of secrets seldom are no lists, and not read twice.
    if (safe !== null) kept += text.slice(end, start) + safe;
    else if (!value.startsWith('[')) continue;
    else kept += text.slice(end, start + value.length);
    end = start + value.length;
  }
  return kept + text.slice(end);
}

function maskAssigned(text: string, hide: Hide): string {
  const queried = text.replaceAll(QUERY, (whole, before: string, name: string, value: string) =>
    isSecretParameter(name) && !isReference(value) ? `${before}${name}=${hide(name)}` : whole,
  );
  const optioned = replaceValues(queried, [OPTION, VALUE], (name, value, between) =>
    isHidden(name, value) && !(between !== '=' && value.startsWith('-')) ? hide(name) : null,
  );
  return replaceValues(optioned, [ASSIGNED, VALUE], (name, value) =>
    isHidden(name, value) ? inQuotes(value).wrap(hide(name)) : null,
  );
}

const SCHEME = /^((?:bearer|basic|token|digest|apikey)\s*)([\s\S]*)$/i;
const isAuthorization = (name: string): boolean => /^(?:proxy-)?authorization$/i.test(name);

const isHeader = (name: string, value: string): boolean =>
  isSecretHeader(name) && !isReference(value) && !/^[{$<%]|^\*{3}/.test(value);

/** A value after a colon, masked; null where it may be kept. */
function pairedValue(name: string, value: string, kind: Kind, hide: Hide): string | null {
  const { inner, wrap } = inQuotes(value);
  const [, scheme = '', rest = inner] = isAuthorization(name) ? (SCHEME.exec(inner) ?? []) : [];
  if (rest.trim() === '' || isReference(rest)) return null;
  if (kind === 'code' && (inner.length < 4 || /^[<[{]/.test(inner))) return null;
  if (!isHidden(name, value) && !(inner !== value && isHeader(name, rest))) return null;
  return wrap(`${scheme}${hide(name)}`);
}

/** `name: |` and `name: - x`: what it holds stands on the lines below. */
const BELOW =
  /^[ \t-]{0,200}["']?([A-Za-z_][\w.-]*)["']?[ \t]*:[ \t]*(?:[|>][-+\d]*[ \t]*\n(?!\n)|\n[ \t]*- )[^\n]*/gm;
const LINE =
  /^([ \t-]{0,200}(?:export[ \t]+|set[ \t]+)?["']?([A-Za-z_][\w.-]*)["']?[ \t]*[:=][ \t]*)([^\n]+)$/gm;

/** Lines of YAML, INI and such: all that stands after a name that is one of a secret. */
function maskLines(text: string, hide: Hide): string {
  return text
    .replaceAll(BELOW, (whole, name: string) => (isSecretName(name) ? `${name}: ${hide(name)}` : whole))
    .replaceAll(LINE, (whole, before: string, name: string, value: string) =>
      isSecretName(name) && isHidden(name, value.replace(/[,;\s]+$/, '')) && !/^[[{]/.test(value)
        ? `${before}${hide(name)}`
        : whole,
    );
}

/** Masks pairs of name and value, and headers. */
function maskPairs(text: string, kind: Kind, hide: Hide): string {
  const paired = replaceValues(
    text,
    kind === 'code' ? [CODE, QUOTED_VALUE] : [PAIR, PAIR_VALUE],
    (name, value) => pairedValue(name, value, kind, hide),
  );
  const headed = paired.replaceAll(
    HEADER,
    (...[whole, name, between, scheme, value]: [string, string, string, string | undefined, string]) =>
      isHeader(name, value) &&
      (kind === 'command' || scheme !== undefined) &&
      !(scheme === undefined && /^(?:bearer|basic|token|digest|https?:)/i.test(value))
        ? `${name}${between}${scheme ?? ''}${hide(name)}`
        : whole,
  );
  if (kind === 'code') return headed;
  const spaced = replaceValues(headed, [SPACED, SPACED_VALUE], (name, value) =>
    isSecretName(name) && isHidden(name, value) ? inQuotes(value).wrap(hide(name)) : null,
  );
  return spaced.replaceAll(BEARER, (_whole, scheme: string) => `${scheme}${hide('bearer')}`);
}

/** Masks what the checks take for a secret by its form, or by what it is assigned to. */
function maskFound(text: string, kind: Kind, what: Set<string>): string {
  const result = secretsCheck.run(textInput(text, { author: 'third_party', kind: 'document' }), CONFIG);
  // It judges by forms alone, at once.
  if (result instanceof Promise || result.outcome !== 'findings') return text;
  let masked = '';
  let end = 0;
  for (const found of result.findings
    .filter(({ score }) => score >= LEAST_CERTAINTY)
    .toSorted((a, b) => a.start - b.start)) {
    const value = text.slice(found.start, found.end);
    if (found.end <= end || isReference(value) || value.includes(MASK)) continue;
    // `password: Optional[str]` says what it is, not which.
    if (kind === 'code' && /^[A-Z]\w*\[\w+$/.test(value)) continue;
    what.add(found.kind.replaceAll('-', ' '));
    masked += text.slice(end, Math.max(end, found.start)) + MASK;
    end = found.end;
  }
  return masked + text.slice(end);
}

/** A text without its secrets. Linear in its length. */
export function masked(text: string, kind: Kind = 'command'): Masked {
  const what = new Set<string>();
  const hide = (name: string): string => {
    what.add(`the value of ${name}`);
    return MASK;
  };
  const addressed = maskAddresses(text, what);
  const lined = kind === 'settings' ? maskLines(addressed, hide) : addressed;
  const named = maskPairs(maskAssigned(lined, hide), kind, hide);
  return { text: maskFound(named, kind, what), what: [...what] };
}

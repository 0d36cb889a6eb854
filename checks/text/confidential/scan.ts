import type { Cue, DocumentKind, MarkStrength } from './phrases.ts';
import { CJK_MARKINGS, CUES, DOCUMENTS, MARKINGS } from './phrases.ts';

export interface Find {
  readonly start: number;
  readonly end: number;
  readonly score: number;
  readonly kind: string;
  readonly message: string;
}

export interface Wanted {
  readonly markings: boolean;
  readonly kinds: ReadonlySet<DocumentKind>;
  /** Ends of spans: a finished text is spanned from first to last cue, a growing one from where it tips. */
  readonly growing: boolean;
}

interface Mark {
  readonly phrase: string;
  readonly strength: MarkStrength;
}

/** Phrases by their last word: the scan meets that word and looks back for the rest. */
const MARKS_BY_LAST = new Map<string, Mark[]>();
const CUES_BY_LAST = new Map<string, Cue[]>();
const lastWord = (phrase: string): string => phrase.slice(phrase.search(/[^\s’-]+$/));
for (const strength of ['notice', 'phrase', 'word', 'weak'] as const) {
  for (const phrase of MARKINGS[strength]) {
    const key = lastWord(phrase);
    MARKS_BY_LAST.set(
      key,
      [...(MARKS_BY_LAST.get(key) ?? []), { phrase, strength }].sort(
        (a, b) => b.phrase.length - a.phrase.length,
      ),
    );
  }
}
for (const cue of CUES)
  CUES_BY_LAST.set(lastWord(cue.phrase), [...(CUES_BY_LAST.get(lastWord(cue.phrase)) ?? []), cue]);

const SCORE = { document: 0.75, notice: 0.7, certain: 0.92, line: 0.85 } as const;
/** Characters beside a marking that do not make a sentence of it. */
export const DECORATION = /^[\s\p{P}\p{S}]$/u;
const LABEL_BEFORE =
  /(?:classification|classified|sensitivity|marking|label|status|handling|einstufung|klassifizierung|niveau|clasificación|clasificacion|classificazione|classificatie|klasyfikacja|分類|密级|機密区分)["”]?\s{0,3}[:=：–-]\s{0,3}["“*[(]{0,3}$/iu;

const isLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 0xc0 && code < 0x2000 && code !== 0xd7 && code !== 0xf7);
const isCjk = (code: number): boolean =>
  (code >= 0x3040 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7af);

function startsLine(text: string, start: number): boolean {
  for (let i = start - 1; i >= Math.max(0, start - 24); i--) {
    const char = text[i] as string;
    if (char === '\n') return true;
    if (!DECORATION.test(char)) return false;
  }
  return start <= 24;
}

function endsLine(text: string, end: number): boolean {
  for (let i = end; i < Math.min(text.length, end + 24); i++) {
    const char = text[i] as string;
    if (char === '\n') return true;
    if (!DECORATION.test(char)) return false;
  }
  return text.length <= end + 24;
}

const isBracketed = (text: string, start: number, end: number): boolean =>
  /[[(【<*_「（]/.test(text[start - 1] ?? '') && /[\])】>*_」）]/.test(text[end] ?? '');

/** How surely the phrase at `start` is a marking here, 0 when it is an ordinary word. */
function markScore(text: string, start: number, end: number, strength: MarkStrength): number {
  const raw = text.slice(start, end);
  const capitals = raw === raw.toUpperCase() && raw !== raw.toLowerCase();
  const first = startsLine(text, start);
  const last = endsLine(text, end);
  if (strength === 'weak')
    return capitals && first && last && !/[?!]/.test(text.slice(end, end + 2))
      ? SCORE.line
      : labelled(text, start);
  if (capitals && (strength !== 'word' || first || last || isBracketed(text, start, end)))
    return SCORE.certain;
  if (first && last && /^\p{Lu}/u.test(raw) && !/[?!]/.test(text[end] ?? '')) return SCORE.line;
  if (first && strength !== 'word' && /^[ \t]?[:|–—]/.test(text.slice(end, end + 2))) return SCORE.line;
  return strength === 'notice' ? SCORE.notice : labelled(text, start);
}

const labelled = (text: string, start: number): number =>
  LABEL_BEFORE.test(text.slice(Math.max(0, start - 40), start)) ? SCORE.line : 0;

const hasPhrase = (text: string, end: number, phrase: string): boolean => {
  const start = end - phrase.length;
  if (start < 0 || (start > 0 && isLetter(text.charCodeAt(start - 1)))) return false;
  return text.slice(start, end).toLowerCase() === phrase;
};

interface Tally {
  weight: number;
  keys: number;
  amounts: number;
  first: number;
  last: number;
  tipped: number;
  readonly seen: Set<string>;
}

const emptyTally = (): Tally => ({
  weight: 0,
  keys: 0,
  amounts: 0,
  first: -1,
  last: -1,
  tipped: -1,
  seen: new Set(),
});

/** Adds one cue; the tally tips at the start of the word that completes the evidence. */
function addCue(tally: Tally, cue: Cue, wordStart: number, end: number): void {
  if (tally.seen.has(cue.phrase)) {
    if (tally.tipped >= 0) tally.last = end;
    return;
  }
  tally.seen.add(cue.phrase);
  tally.weight += cue.weight;
  if (cue.key) tally.keys++;
  if (tally.first < 0) tally.first = end - cue.phrase.length;
  tally.last = end;
  tip(tally, cue.kind, wordStart);
}

function tip(tally: Tally, kind: DocumentKind, at: number): void {
  const need = DOCUMENTS[kind];
  if (
    tally.tipped < 0 &&
    tally.weight >= need.weight &&
    tally.keys >= need.keys &&
    tally.amounts >= need.amounts
  )
    tally.tipped = at;
}

const CURRENCY_WORDS = new Set([
  'eur',
  'usd',
  'gbp',
  'chf',
  'sek',
  'nok',
  'dkk',
  'pln',
  'brl',
  'inr',
  'jpy',
  'aud',
  'cad',
  'million',
  'billion',
  'mio',
]);

const hashStep = (hash: number, code: number): number => (Math.imul(hash, 31) + code) | 0;
const SLOTS = 0x4000;
/** Hashes of the words that mean something here: nearly every other word is passed over without cutting it out. */
const SIEVE = (() => {
  const sieve = new Uint8Array(SLOTS);
  for (const word of [...CUES_BY_LAST.keys(), ...MARKS_BY_LAST.keys(), ...CURRENCY_WORDS, 'tlp']) {
    let hash = 0;
    for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i));
    sieve[hash & (SLOTS - 1)] = 1;
  }
  return sieve;
})();

function addAmount(tallies: Map<DocumentKind, Tally>, kinds: Iterable<DocumentKind>, at: number): void {
  for (const kind of kinds) {
    const tally = tallies.get(kind) ?? emptyTally();
    tallies.set(kind, tally);
    tally.amounts++;
    tip(tally, kind, at);
  }
}

function visitWord(
  text: string,
  [start, end]: readonly [number, number],
  wanted: Wanted,
  state: { finds: Find[]; tallies: Map<DocumentKind, Tally> },
): void {
  const word = text.slice(start, end).toLowerCase();
  const cues = CUES_BY_LAST.get(word);
  if (cues !== undefined) {
    for (const cue of cues) {
      if (!wanted.kinds.has(cue.kind) || !hasPhrase(text, end, cue.phrase)) continue;
      if (cue.heading && !startsLine(text, end - cue.phrase.length)) continue;
      const tally = state.tallies.get(cue.kind) ?? emptyTally();
      state.tallies.set(cue.kind, tally);
      addCue(tally, cue, start, end);
    }
  }
  if (CURRENCY_WORDS.has(word)) addAmount(state.tallies, ['salary-list', 'financial-report'], start);
  if (!wanted.markings) return;
  if (word === 'tlp') {
    const match = /^TLP:(?:RED|AMBER(?:\+STRICT)?)\b/i.exec(text.slice(start, start + 20));
    if (match !== null) state.finds.push(marking(start, start + match[0].length, SCORE.certain));
  }
  for (const mark of MARKS_BY_LAST.get(word) ?? []) {
    if (!hasPhrase(text, end, mark.phrase)) continue;
    const score = markScore(text, end - mark.phrase.length, end, mark.strength);
    if (score === 0) continue;
    state.finds.push(marking(end - mark.phrase.length, end, score));
    return;
  }
}

const marking = (start: number, end: number, score: number): Find => ({
  start,
  end,
  score,
  kind: 'confidentiality-marking',
  message: 'A confidentiality marking: the text comes from a document that is not meant for others.',
});

function cjkMarkings(text: string, finds: Find[]): void {
  for (const phrase of CJK_MARKINGS) {
    for (let at = text.indexOf(phrase); at >= 0; at = text.indexOf(phrase, at + phrase.length)) {
      const end = at + phrase.length;
      const placed = startsLine(text, at) && endsLine(text, end);
      const score = placed || isBracketed(text, at, end) ? SCORE.certain : labelled(text, at);
      if (score > 0) finds.push(marking(at, end, score));
    }
  }
}

function documentFind(text: string, kind: DocumentKind, tally: Tally, growing: boolean): Find {
  return {
    start: growing ? tally.tipped : tally.first,
    end: growing ? text.length : Math.max(tally.last, tally.tipped),
    score: SCORE.document,
    kind,
    message: `Reads like ${DOCUMENTS[kind].title} (${tally.seen.size} typical phrases).`,
  };
}

/** Joins overlapping markings: "confidential" within "confidential and proprietary". */
function joined(finds: readonly Find[]): Find[] {
  const out: Find[] = [];
  for (const find of [...finds].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = out.at(-1);
    if (last === undefined || find.start >= last.end) out.push(find);
    else
      out[out.length - 1] = {
        ...last,
        end: Math.max(last.end, find.end),
        score: Math.max(last.score, find.score),
      };
  }
  return out;
}

/** Markings and kinds of documents in a text, by one pass over its words. */
export function findConfidential(text: string, wanted: Wanted): Find[] {
  const state = { finds: [] as Find[], tallies: new Map<DocumentKind, Tally>() };
  let start = -1;
  let hash = 0;
  // Lower case beyond ASCII is not as simple as in the hash, so such words are always looked up.
  let ascii = true;
  let cjk = false;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32;
    if (isLetter(code)) {
      if (start < 0) {
        start = i;
        hash = 0;
        ascii = true;
      }
      if (code > 127) ascii = false;
      hash = hashStep(hash, code | 32);
      continue;
    }
    if (start >= 0 && i - start >= 2 && i - start <= 24 && (!ascii || SIEVE[hash & (SLOTS - 1)] === 1)) {
      visitWord(text, [start, i], wanted, state);
    }
    start = -1;
    if (code === 36 || code === 0x20ac || code === 0xa3) {
      if (wanted.kinds.size > 0) addAmount(state.tallies, ['salary-list', 'financial-report'], i);
    } else if (isCjk(code)) cjk = true;
  }
  if (cjk && wanted.markings) cjkMarkings(text, state.finds);
  const finds = joined(state.finds);
  for (const [kind, tally] of state.tallies) {
    if (tally.tipped >= 0 && wanted.kinds.has(kind))
      finds.push(documentFind(text, kind, tally, wanted.growing));
  }
  return finds;
}

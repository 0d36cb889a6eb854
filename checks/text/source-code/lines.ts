import type { Language } from './languages.ts';
import { LANGUAGES } from './languages.ts';

/**
 * What a line looks like by itself. `closing` (brackets only) belongs to the block above it; `comment` (also
 * lines of data), `fence` and `blank` neither start nor end a block.
 */
export type LineKind = 'code' | 'closing' | 'comment' | 'blank' | 'fence' | 'prose';

export interface Line {
  readonly kind: LineKind;
  /** Language whose own forms the line has; null for code that many languages share. */
  readonly language: Language | null;
}

const BLANK: Line = { kind: 'blank', language: null };
const PROSE: Line = { kind: 'prose', language: null };
const CODE: Line = { kind: 'code', language: null };
const COMMENT: Line = { kind: 'comment', language: null };
const CLOSING: Line = { kind: 'closing', language: null };
const FENCE: Line = { kind: 'fence', language: null };

/** Characters of a line that are looked at. */
const LINE_LIMIT = 400;
const PLAIN_WORDS =
  /^[ \t]{0,12}(?:[-*•>+] |\d{1,2}[.)] )?["'“‘(]?(\p{L}[\p{L}'’-]{0,24})[,:;]? (\p{L}[\p{L}'’-]{0,24})[,:;]? (\p{L}[\p{L}'’-]{0,24})[,:;.?!]?(?: |$)/u;
const CODE_STARTERS =
  /^(?:import|from|public|private|protected|static|final|abstract|def|class|struct|enum|interface|func|fn|function|let|const|var|val|if|else|elif|elsif|for|foreach|while|switch|case|return|throw|raise|try|catch|except|with|using|namespace|package|module|unsigned|signed|long|int|char|float|double|void|bool|string|async|await|export|extends|implements|select|insert|update|delete|create|alter|drop|where|join|group|order|begin|end|do|unless|puts|print|echo|pub|mut|impl|use|type|data|instance|deriving|typedef|extern|inline|virtual|override|open|sealed|object|trait|new|global|local|require|include|library|sub|my|our|dim|goto|set|go|yield|match|when|then|val|lazy|implicit|mod|crate|self|super|this|mov|push|pop|lea|jmp|cmp|xor|jne|ret|nop)$/i;
const FUNCTION_WORDS =
  /^(?:the|a|an|you|your|is|are|was|we|i|it|its|that|to|of|and|my|me|our|will|can|could|would|should|have|has|had|they|he|she|be|us|know|them|there|what|how|each|any|all|some|more|about|these|those|please)$/i;

/**
 * True once a line's beginning shows it to be a sentence, whatever follows: three plain words that no
 * language begins with, or a language's word followed by words that only sentences have.
 */
function beginsAsProse(line: string): boolean {
  const words = PLAIN_WORDS.exec(line);
  if (words === null) return false;
  const [, first = '', second = '', third = ''] = words;
  if (!CODE_STARTERS.test(first))
    return !CODE_STARTERS.test(second) || FUNCTION_WORDS.test(third) || FUNCTION_WORDS.test(first);
  return FUNCTION_WORDS.test(second) || FUNCTION_WORDS.test(third);
}

/** A member of a JSON document: data, not code. */
const DATA_LINE = /^\s{0,100}"[^"\n]{0,120}"\s?(?::|,?$)/;
const COMMENT_LINE =
  /^\s{0,80}(?:\/\/|\/\*|\*\/|\* |#(?!#|include|define|if|endif|pragma|!\/)|--(?:\s|$)|"""|'''|<!--|;;|%%)/;
const SHARED_FORMS: readonly RegExp[] = [
  /[;{}]\s{0,8}(?:\/\/.{0,200})?$/,
  /(?:=>|->|\(|\[|&&|\|\|)\s{0,4}$/,
  /^\s{0,80}[\w.$[\]"'*&@:]{1,60}\s{0,12}(?::=|[-+*/|&%^]?=)\s{0,4}\S/,
  /^\s{0,80}[\w.$:>@-]{2,60}\(.{0,300}\)[;,]?$/,
  /^\s{1,80}[\w.$]{1,60}\(.{0,300}[,(]$/,
  /^\s{0,80}\.[a-zA-Z_]\w{0,40}\(/,
  /^\s{0,80}(?:else|try|finally|do|begin|end|fi|done|then|endif|esac|break|continue|pass)\s{0,4}[:{;]?$/,
  /^\s{2,80}(?:return|throw|raise|yield)\b/,
];

/** What one line (without its line break) looks like. Only the first 400 characters are looked at. */
export function classifyLine(whole: string): Line {
  const line = whole.length > LINE_LIMIT ? whole.slice(0, LINE_LIMIT) : whole.trimEnd();
  if (line.trim() === '') return BLANK;
  if (/^\s{0,12}(?:```|~~~)/.test(line)) return FENCE;
  if (/^\s{0,100}[{}()[\];,]{1,12}$/.test(line)) return CLOSING;
  if (DATA_LINE.test(line)) return COMMENT;
  if (beginsAsProse(line)) return PROSE;
  for (const language of LANGUAGES) {
    if (language.line.test(line)) return { kind: 'code', language };
  }
  if (COMMENT_LINE.test(line)) return COMMENT;
  return SHARED_FORMS.some((form) => form.test(line)) ? CODE : PROSE;
}

/** True when a line whose end is still missing can no longer turn out to be code. */
export function isSettledProse(unfinished: string): boolean {
  // The last word may still grow into another one.
  const settled = unfinished.slice(0, unfinished.lastIndexOf(' ') + 1);
  return beginsAsProse(settled);
}

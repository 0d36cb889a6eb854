import { confidentialCheck } from '../../../text/confidential/index.ts';
import { textInput } from '../../../text/types.ts';
import { findingsOf } from '../content/personal.ts';
import { shown } from '../shown.ts';
import type { AccessLevel, Mark } from '../types.ts';
import { isStricter } from './access.ts';

const CONFIG = confidentialCheck.config.parse({
  contracts: false,
  candidates: false,
  salaries: false,
  financials: false,
});

const RESTRICTED =
  /tlp:red|top secret|strictly|streng|strict(?:ement|amente)|estrictamente|estritamente|strettamente|strikt|strängt|ściśle|přísně|строго|highly confidential|privileged|work product|board only|eyes only|need to know|embargo|(?:^|[^a-z])secret(?!s)|restricted|geheim|secreto|segreto|tajne|hemlig|секретно|极秘|極秘|绝密|機密|机密|秘密文件|극비|diffusion restreinte|restreint/iu;
const INTERNAL =
  /tlp:amber(?!\+)|internal|intern(?!ational)|interne?\b|interno|internt|wewnętrznego|внутреннего|служебного|dienstgebrauch|vs-nfd|部外秘|社外秘|取扱注意|内部|內部|对外保密|대외비|사내한|do not (?:distribute|share|forward)|not for (?:external|release|distribution)|distribution/iu;

/** Marks of public services, which count in capitals at the beginning of a line. */
const SERVICES: readonly { readonly pattern: RegExp; readonly level: AccessLevel }[] = [
  {
    pattern: /^[ \t*_([]{0,8}((?:TOP SECRET|SECRET|CONFIDENTIAL)\/\/[A-Z][A-Z/, -]{0,60})/gm,
    level: 'restricted',
  },
  { pattern: /^[ \t*_([]{0,8}(OFFICIAL[- ]SENSITIVE|OFFICIAL: ?SENSITIVE)\b/gm, level: 'confidential' },
  {
    pattern: /^[ \t*_([]{0,8}(CUI(?:\/\/[A-Z-]{2,20})?|FOUO|U\/\/FOUO|FOR OFFICIAL USE ONLY)\s*$/gm,
    level: 'confidential',
  },
];
/** Before a phrase that is talked about: `marked "…"`, `the term “…”`. */
const TALKED_ABOUT =
  /(?:["“‘'«„`]|\b(?:marked|labell?ed|stamped|called|termed|phrase|term|word|words|mark|label|als|gekennzeichnet|mention)\b["“‘'«„` ]{0,4}(?:as )?["“‘'«„`]{0,2})$/iu;
const TALKED_ABOUT_SCORE = 0.3;

function levelOf(mark: string): AccessLevel {
  if (RESTRICTED.test(mark)) return 'restricted';
  return INTERNAL.test(mark) ? 'internal' : 'confidential';
}

function services(text: string): Mark[] {
  return SERVICES.flatMap(({ pattern, level }) =>
    Array.from(text.matchAll(pattern), (match) => {
      const mark = match[1] as string;
      const start = match.index + match[0].indexOf(mark);
      return { level, text: shown(mark), start, end: start + mark.length, score: 0.92 };
    }),
  );
}

/**
 * Classification marks in a document, where they stand as marks (a line of their own, capitals, after a label, a notice)
 * and not as words of a sentence; those that are quoted or talked about score .3. By level, strictest and surest first.
 * Linear in the text.
 */
export function findMarks(text: string): Mark[] {
  const found = findingsOf(
    confidentialCheck.run(textInput(text, { author: 'third_party', kind: 'document' }), CONFIG),
  );
  const marks = found.map(({ start, end, score }): Mark => {
    const mark = text.slice(start, end);
    const about = score < 0.85 && TALKED_ABOUT.test(text.slice(Math.max(0, start - 24), start));
    return { level: levelOf(mark), text: shown(mark), start, end, score: about ? TALKED_ABOUT_SCORE : score };
  });
  const order = (a: Mark, b: Mark): number =>
    Number(b.score >= 0.5) - Number(a.score >= 0.5) ||
    (isStricter(b.level, a.level)
      ? 1
      : isStricter(a.level, b.level)
        ? -1
        : b.score - a.score || a.start - b.start);
  return [...marks, ...services(text)].sort(order);
}

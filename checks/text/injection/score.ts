import type { Reading, Span, View } from '../normalise/index.ts';
import type { Author } from '../types.ts';
import { findHits } from './hits.ts';
import { documentLikeness, findHidden } from './regions.ts';
import { judgeHits } from './rules.ts';
import type { RuleName, Sign } from './signs.ts';
import { findMarks } from './structure.ts';

export type AttackKind = 'direct' | 'buried' | 'extraction' | 'jailbreak' | 'obfuscated';

export interface Judgement extends Span {
  readonly score: number;
  readonly kind: AttackKind;
  readonly message: string;
}

/** Signs further apart than this many characters do not support each other. */
const REACH = 600;
/** Of each rule, one sign in so many characters is looked at: the strongest. */
const BUCKET = 200;
/** Up to this many signs are all looked at. */
const FEW_SIGNS = 100;

const KIND: Readonly<Record<RuleName, AttackKind>> = {
  override: 'direct',
  disable: 'direct',
  'new-task': 'direct',
  delimiter: 'direct',
  authority: 'direct',
  'reveal-prompt': 'extraction',
  'reveal-secret': 'extraction',
  'reveal-others': 'extraction',
  'unbound-role': 'jailbreak',
  'no-refusal': 'jailbreak',
  addressed: 'buried',
  concealed: 'buried',
  'carry-out': 'buried',
  ordered: 'buried',
  'role-change': 'direct',
  fiction: 'jailbreak',
};

const SAYS: Readonly<Record<RuleName, string>> = {
  override: 'tells the assistant to set its instructions aside',
  disable: 'tells the assistant to switch off rules or safeguards',
  'new-task': 'puts a new task in place of the given one',
  delimiter: 'imitates the marks between the turns of a conversation',
  authority: 'claims authority over the assistant',
  'reveal-prompt': 'asks for the hidden instructions',
  'reveal-secret': 'asks for a secret that the assistant keeps',
  'reveal-others': 'asks for what belongs to other users',
  'unbound-role': 'gives the assistant a role without rules',
  'no-refusal': 'forbids the assistant to refuse',
  addressed: 'speaks to the assistant from within other content',
  concealed: 'wants something done behind the user’s back',
  'carry-out': 'wants data carried elsewhere',
  ordered: 'gives the assistant orders about the user, its answer or its tools',
  'role-change': 'takes the assistant off its job',
  fiction: 'wraps a forbidden request in a story or a game',
};

/** Says that what is written in code is to be carried out, not only decoded. */
const CARRY_OUT =
  /\b(?:decod|decrypt|decipher|encod|unscrambl|base64|hex|rot13|morse|dekodier|entschlussel|decodif|dechiffr|dekod|расшифр|декодир)\w{0,12}\b[^]{0,120}?\b(?:follow|obey|carry (?:it |them |this )?out|execute|do (?:what|as|exactly)|comply|apply (?:it|them)|act on|perform|befolg|fuhr|suis|execut|sigue|ejecut|segui|esegu|выполн|voer)\w{0,8}\b|解码[^]{0,40}执行|デコード[^]{0,40}(?:実行|従)/;
/** Readings that no ordinary writer produces by accident. */
const SMUGGLED = new Set(['base64', 'hex', 'binary', 'decimal', 'morse', 'tags', 'variation-selectors']);

/** An encoded passage together with the order to carry it out, or one in characters that nobody sees. */
function judgeSmuggling(reading: Reading, origin: Origin): Judgement | null {
  const layer = reading.layers.find(({ how }) => SMUGGLED.has(how.at(-1) ?? ''));
  if (layer === undefined) return null;
  const how = layer.how.join(', then ');
  const unseen = layer.how.some((step) => step === 'tags' || step === 'variation-selectors');
  const ordered = CARRY_OUT.test(reading.views[0]?.text ?? '');
  if (!unseen && !ordered) return null;
  const score = Math.min(0.99, (ordered ? 0.72 : 0.66) * origin.strictness);
  const message = ordered
    ? `A passage is hidden (${how}) and the assistant is told to carry it out.`
    : `A passage is hidden in characters that nobody sees (${how}).`;
  return { score, kind: 'obfuscated', ...layer.spanOf(0, layer.text.length), message };
}

/** What is known about where a text comes from. */
export interface Origin {
  readonly author: Author;
  /** Multiplies doubt: 1 is normal, above is stricter. */
  readonly strictness: number;
}

/** How much a sign counts, given who wrote the text and what the text looks like. */
function weigh(sign: Sign, origin: Origin, likeness: number, hidden: boolean): number {
  let { score } = sign;
  const foreign = origin.author === 'third_party' || hidden;
  const buried = KIND[sign.rule] === 'buried';
  if (buried && !foreign) score *= 0.25 + 0.6 * likeness;
  if (foreign && buried) score *= 1.1;
  if (foreign && !buried) score += score > 0.3 ? 0.08 : 0;
  if (hidden) score += 0.15;
  return Math.max(0, Math.min(0.99, score * origin.strictness));
}

interface Weighed {
  readonly sign: Sign;
  readonly score: number;
  readonly hidden: boolean;
}

/**
 * Different signs near each other add up as independent evidence does; the same sign twice counts once. `weighed` is
 * in the order of the text, and only what stands within reach of `at` is looked at.
 */
function combine(weighed: readonly Weighed[], at: number): number {
  const centre = weighed[at] as Weighed;
  const best = new Map<RuleName, number>();
  const take = (other: Weighed | undefined): boolean => {
    if (other === undefined || Math.abs(other.sign.start - centre.sign.start) > REACH) return false;
    if (other.score >= 0.2) best.set(other.sign.rule, Math.max(best.get(other.sign.rule) ?? 0, other.score));
    return true;
  };
  for (let i = at - 1; take(weighed[i]); i -= 1);
  for (let i = at + 1; take(weighed[i]); i += 1);
  best.delete(centre.sign.rule);
  let doubt = 1 - centre.score;
  for (const score of best.values()) doubt *= 1 - score * 0.7;
  return Math.min(0.99, 1 - doubt);
}

/** The signs in the order of the text; of very many, the strongest of each rule in each stretch. */
function worthLooking(signs: readonly Sign[]): readonly Sign[] {
  const ordered = [...signs].sort((a, b) => a.start - b.start);
  if (ordered.length <= FEW_SIGNS) return ordered;
  const best = new Map<string, Sign>();
  for (const sign of ordered) {
    const key = `${sign.rule} ${Math.floor(sign.start / BUCKET)}`;
    const known = best.get(key);
    if (known === undefined || sign.score > known.score) best.set(key, sign);
  }
  return [...best.values()].sort((a, b) => a.start - b.start);
}

/** Whether a sign lies within a hidden part; both in the order of the text. */
function hiddenBy(parts: readonly Span[]): (sign: Sign) => boolean {
  const furthest: number[] = [];
  const ordered = [...parts].sort((a, b) => a.start - b.start);
  for (const part of ordered) furthest.push(Math.max(furthest.at(-1) ?? 0, part.end));
  let next = 0;
  return (sign) => {
    while (next < ordered.length && (ordered[next]?.start ?? 0) <= sign.start) next += 1;
    return next > 0 && sign.end <= (furthest[next - 1] ?? 0);
  };
}

interface ViewJudgement {
  readonly score: number;
  readonly main: Weighed;
}

function judgeView(view: View, origin: Origin): ViewJudgement | null {
  const signs = worthLooking([...judgeHits(findHits(view.text), view.text), ...findMarks(view.text)]);
  if (signs.length === 0) return null;
  const isHidden = hiddenBy(findHidden(view.text));
  const likeness = documentLikeness(view.text);
  const weighed = signs.map((sign) => {
    const hidden = isHidden(sign);
    return { sign, hidden, score: weigh(sign, origin, likeness, hidden) };
  });
  let strongest: ViewJudgement | null = null;
  for (const [at, centre] of weighed.entries()) {
    if (centre.score < 0.15) continue;
    const score = combine(weighed, at);
    const better = strongest === null || score > strongest.score + 1e-9;
    if (better || (score >= (strongest?.score ?? 0) - 1e-9 && centre.score > (strongest?.main.score ?? 0))) {
      strongest = { score, main: centre };
    }
  }
  return strongest;
}

function kindOf(found: ViewJudgement, how: readonly string[], author: Author): AttackKind {
  if (how.length > 0) return 'obfuscated';
  if (found.main.hidden || author === 'third_party') return 'buried';
  return KIND[found.main.sign.rule];
}

/** Entities and escapes are how documents are stored, no disguise unless most of the text is written so. */
function isDisguise(view: View, reading: Reading): boolean {
  if (view.how.length === 0) return false;
  return (
    view.how.some((step) => step !== 'escapes') ||
    view.text.length * 2 < (reading.layers[0]?.text.length ?? 0)
  );
}

/**
 * Judges every reading of a text and answers for the worst. A hidden reading counts more than an open one,
 * but only for what the open reading does not show.
 */
export function judgeReading(reading: Reading, origin: Origin): Judgement | null {
  let open = 0;
  let worst = judgeSmuggling(reading, origin);
  for (const view of reading.views) {
    const found = judgeView(view, origin);
    if (found === null) continue;
    const hidden = isDisguise(view, reading);
    if (!hidden) open = Math.max(open, found.score);
    if (hidden && found.score <= open + 0.1) continue;
    const score = hidden ? 1 - (1 - found.score) * 0.55 : found.score;
    if (worst !== null && score <= worst.score) continue;
    const { sign } = found.main;
    const { start, end } = view.spanOf(sign.start, sign.end);
    const kind = kindOf(found, hidden ? view.how : [], origin.author);
    const inside = hidden ? ` once ${view.how.join(', then ')} is undone` : '';
    worst = { score, kind, start, end, message: `The text ${SAYS[sign.rule]}${inside}.` };
  }
  return worst;
}

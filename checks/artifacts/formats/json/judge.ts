import { memberContext, type OutcomeBuilder } from '../../outcome.ts';
import { bytesSource } from '../../source/bytes.ts';
import type { ScanContext } from '../../types.ts';
import { huggingfaceRule } from '../huggingface/rules.ts';
import { kerasRule } from '../keras/rules.ts';
import { skopsRule } from '../skops/rules.ts';
import { notebookRule } from './notebook.ts';
import { type JsonValue, objectsIn } from './parse.ts';
import type { JsonHit, JsonMember, JsonRule } from './rules.ts';

const RULES: readonly JsonRule[] = [kerasRule, skopsRule, huggingfaceRule, notebookRule];
const MOST_MEMBERS = 200;

export interface JsonPlace {
  readonly context: ScanContext;
  readonly outcome: OutcomeBuilder;
  /** Byte offset of a text in the file, -1 where it is not known. */
  readonly offsetOf: (needle: string) => number;
}

/** Applies all rules to every object in `value`, and has files that it carries judged. */
export async function judgeJson(value: JsonValue, { context, outcome, offsetOf }: JsonPlace): Promise<void> {
  const members: JsonMember[] = [];
  const seen = new Set<string>();
  for (const { object, at } of objectsIn(value)) {
    const hit = ({ needle, evidence, ...rest }: JsonHit) => {
      const key = `${rest.check} ${rest.message}`;
      if (seen.has(key)) return;
      seen.add(key);
      const offset = needle === undefined ? 0 : Math.max(0, offsetOf(needle));
      const details = { ...evidence?.details, ...(at === '' ? {} : { at: at.slice(0, 200) }) };
      outcome.find({ ...rest, offset, evidence: { ...evidence, details } });
    };
    const member = (found: JsonMember) => {
      if (members.length < MOST_MEMBERS) members.push(found);
    };
    for (const rule of RULES) rule({ object, at, hit, member });
  }
  for (const { name, bytes } of members) {
    outcome.include(await context.scanMember(bytesSource(bytes), memberContext(context, name)));
  }
}

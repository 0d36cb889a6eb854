import { toolCallCheck } from './agents/tool-call/index.ts';
import { competitorsCheck } from './text/competitors/index.ts';
import { confidentialCheck } from './text/confidential/index.ts';
import { exfiltrationCheck } from './text/exfiltration/index.ts';
import type { InjectionDetector } from './text/injection/index.ts';
import { createInjectionCheck, injectionCheck } from './text/injection/index.ts';
import { lengthCheck } from './text/length/index.ts';
import { outputSchemaCheck } from './text/output-schema/index.ts';
import { personalDataCheck } from './text/personal-data/index.ts';
import { promptLeakCheck } from './text/prompt-leak/index.ts';
import { repetitionCheck } from './text/repetition/index.ts';
import { secretsCheck } from './text/secrets/index.ts';
import { sourceCodeCheck } from './text/source-code/index.ts';
import { topicsCheck } from './text/topics/index.ts';
import type { AnyTextCheck } from './text/types.ts';
import { unicodeCheck } from './text/unicode/index.ts';

/** Every text check there is, listed by hand: importing a check registers nothing. */
export const textChecks: readonly AnyTextCheck[] = Object.freeze([
  injectionCheck,
  secretsCheck,
  personalDataCheck,
  confidentialCheck,
  sourceCodeCheck,
  unicodeCheck,
  promptLeakCheck,
  exfiltrationCheck,
  toolCallCheck,
  lengthCheck,
  repetitionCheck,
  topicsCheck,
  competitorsCheck,
  outputSchemaCheck,
]);

/** The text checks with a trained model at work in the injection check; null: its rules alone. */
export function textChecksWith(parts: {
  readonly injection: InjectionDetector | null;
}): readonly AnyTextCheck[] {
  if (parts.injection === null) return textChecks;
  const check = createInjectionCheck({ detector: parts.injection });
  return Object.freeze(textChecks.map((known) => (known.id === check.id ? check : known)));
}

const byId: ReadonlyMap<string, AnyTextCheck> = new Map(textChecks.map((check) => [check.id, check]));

/** The text check with this id, e.g. `text/injection`. */
export function textCheck(id: string): AnyTextCheck | undefined {
  return byId.get(id);
}

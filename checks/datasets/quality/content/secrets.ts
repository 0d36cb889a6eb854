import { secretsCheck } from '../../../text/secrets/index.ts';
import { textInput } from '../../../text/types.ts';
import type { Steps } from '../../neighbours/index.ts';
import type { Column, DatasetFinding } from '../../types.ts';
import { DISCLOSURE } from '../frameworks.ts';
import { percent, shown } from '../shown.ts';
import type { CheckSecrets, ColumnContent, ContentOptions, ContentOutcome } from '../types.ts';
import { inContext } from './context.ts';
import { fewOfEachKind, findingsOf, saidOf } from './personal.ts';
import { scanContent } from './scan.ts';
import type { Hit } from './tally.ts';
import type { Unit } from './units.ts';

export const SECRETS = 'datasets/secrets';

const LEAST_CERTAINTY = 0.6;
const MOST_FINDINGS = 50;
const CONFIG = secretsCheck.config.parse({});

function inspect({ text }: Unit, column: string): Hit[] {
  const { text: whole, before } = inContext(column, text);
  const found = findingsOf(
    secretsCheck.run(textInput(whole, { author: 'third_party', kind: 'document' }), CONFIG),
  ).filter(({ end, score }) => end > before && score >= LEAST_CERTAINTY);
  return fewOfEachKind(found).map((each) => {
    const value = whole.slice(Math.max(before, each.start), each.end);
    return { kind: each.kind, score: each.score, message: saidOf(each, value) };
  });
}

function finding({ column, kind, share, rows, count }: ColumnContent): DatasetFinding {
  const what = kind.replaceAll('-', ' ');
  return {
    check: SECRETS,
    title: `Secrets in “${shown(column)}”: ${what}`,
    severity: 'high',
    message:
      `${count} values of “${shown(column)}” (${percent(share.value)}) hold what looks like a secret: ${what}. ` +
      'Have them replaced where they are valid, then remove the records: whoever can read the data or ask the model has them.',
    rows,
    count,
    precision: null,
    evidence: { column: shown(column), kind, share: share.value },
    maps: DISCLOSURE,
  };
}

const BLIND = [
  'Secrets are found by their form or by the word they are assigned to: a password that stands alone in a text is not seen, and whether a secret is still valid is not tried.',
];

export const checkSecrets: CheckSecrets = function* (
  columns: readonly Column[],
  options: ContentOptions = {},
): Steps<ContentOutcome> {
  const { selection, blindSpots, ...found } = yield* scanContent(SECRETS, columns, options, inspect);
  return {
    ...found,
    findings: found.columns.slice(0, MOST_FINDINGS).map(finding),
    blindSpots: [...blindSpots, ...BLIND],
    looked: selection.rows.length,
  };
};

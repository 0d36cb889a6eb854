import {
  checkConfidential,
  checkDocuments,
  checkLeakage,
  checkMissing,
  checkPersonal,
  checkRules,
  checkSecrets,
  type DataRules,
  type Part,
} from '../../quality/index.ts';
import type { Column } from '../../types.ts';
import { asLabels } from '../shape.ts';
import type { PlannedCheck, Purpose } from '../types.ts';
import { leftOut, type Plans, type TableContext } from './context.ts';
import { atOnce } from './shared.ts';

/** What the records should not hold, and what they lack. */
export function qualityPlans(context: TableContext): Plans {
  const { roles, input, seed } = context;
  const plans: PlannedCheck[] = [];
  const columns = contentColumns(context);
  const names = columns.map(({ name }) => name);
  // A knowledge base holds no labels that could be wrong: what its documents hold is what there is to find.
  const purpose: Purpose = roles.knowledgeBase ? 'poisoning' : 'quality';
  if (names.length > 0) {
    const content = { columns: names, seed };
    plans.push(
      {
        name: 'injected-instructions',
        purpose: 'poisoning',
        run: () => checkDocuments(input.columns, content),
      },
      { name: 'secrets', purpose, run: () => checkSecrets(input.columns, content) },
      { name: 'personal-data', purpose: 'quality', run: () => checkPersonal(input.columns, content) },
    );
    if (roles.knowledgeBase)
      plans.push({
        name: 'confidential',
        purpose,
        run: () =>
          checkConfidential(input.columns, {
            ...content,
            ...(roles.access === null ? {} : { access: roles.access }),
          }),
      });
  }
  return {
    plans: [...plans, ...columnPlans(context)],
    leftOut:
      input.rules === undefined ? [leftOut('rules', 'no rules were given; name a file with --rules.')] : [],
  };
}

function columnPlans({ input, labels, roles, features }: TableContext): PlannedCheck[] {
  const { columns, rules, test } = input;
  const labelled = labels === null ? {} : { labels };
  const used = columns.filter(({ name }) =>
    [...features.map((each) => each.name), roles.text].includes(name),
  );
  const plans: PlannedCheck[] = [
    {
      name: 'missing',
      purpose: 'quality',
      run: () =>
        atOnce(() =>
          checkMissing(columns, {
            ...labelled,
            ...(roles.label === null ? {} : { labelColumn: roles.label }),
          }),
        ),
    },
  ];
  if (rules !== undefined)
    plans.push({
      name: 'rules',
      purpose: 'quality',
      run: () => atOnce(() => checkRules(columns, rules as DataRules)),
    });
  if (used.length > 0 && (labels !== null || test !== undefined))
    plans.push({
      name: 'leakage',
      purpose: 'poisoning',
      run: () =>
        checkLeakage({
          columns: used,
          ...labelled,
          ...(test === undefined ? {} : { test: testPart(test, roles.label, used) }),
        }),
    });
  return plans;
}

/** The columns of the test records that the dataset has too, with their labels where they have some. */
function testPart(test: readonly Column[], label: string | null, used: readonly Column[]): Part {
  const names = new Set(used.map(({ name }) => name));
  const labelColumn = test.find(({ name }) => name === label);
  return {
    columns: test.filter(({ name }) => names.has(name)),
    ...(labelColumn === undefined ? {} : { labels: asLabels(labelColumn) }),
  };
}

/** Columns with somebody's words: texts, and categories that a number did not become. */
function contentColumns({ input, roles }: TableContext): readonly Column[] {
  const origins = [roles.batch, roles.source, roles.access, roles.annotators?.label];
  return input.columns.filter(
    ({ kind, name }) => kind !== 'number' && name !== roles.label && !origins.includes(name),
  );
}

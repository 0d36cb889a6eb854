import { bestMixture, type Judgement, type Labels } from '../../labels/index.ts';
import type { Steps } from '../../neighbours/index.ts';
import {
  checkAbsoluteCounts,
  checkNearDuplicates,
  checkResponsePairs,
  checkTextTriggers,
  embedSteps,
  textProbabilities,
} from '../../texts/index.ts';
import type { Matrix } from '../../types.ts';
import { columnNamed } from '../shape.ts';
import type { PlannedCheck } from '../types.ts';
import { leftOut, type Plans, type TableContext, textsOf } from './context.ts';
import { judgement, labelPlan, once } from './shared.ts';
import { availabilityPlan } from './table.ts';
import { tempered } from './tempered.ts';

type Texts = readonly (string | null)[];

/** Checks of the text of each record. */
export function textPlans(context: TableContext): Plans {
  const { texts, labels, roles } = context;
  if (roles.prompt !== null && roles.response !== null) return pairPlans(context);
  if (texts === null) return { plans: [], leftOut: [] };
  if (labels === null)
    return {
      plans: unlabelled(context, texts, null),
      leftOut: (roles.knowledgeBase ? [] : ['label-errors', 'text-triggers']).map((name) =>
        leftOut(name, 'the records have no label; name it with --label.'),
      ),
    };
  return { plans: [...labelled(context, texts, labels), ...unlabelled(context, texts, labels)], leftOut: [] };
}

function labelled(context: TableContext, texts: Texts, labels: Labels): PlannedCheck[] {
  const { seed } = context;
  const features = once(() => embedded(texts, seed));
  const judged = wordsToo(judgement({ labels, features, metric: 'cosine' }, context.options), texts, labels);
  return [
    labelPlan(judged, labels),
    {
      name: 'text-triggers',
      purpose: 'poisoning',
      run: () => checkTextTriggers({ texts, labels }, { seed }),
    },
    availabilityPlan(context, labels, features, judged),
  ];
}

function* embedded(texts: Texts, seed: number): Steps<Matrix> {
  yield { stage: 'embedding', done: 0, total: 1 };
  return yield* embedSteps(texts, { seed });
}

/** The judgement by neighbours and a linear model of the embedding, mixed with one of the words themselves. */
function wordsToo(byFeatures: () => Steps<Judgement>, texts: Texts, labels: Labels): () => Steps<Judgement> {
  return once(function* () {
    const first = yield* byFeatures();
    const words = yield* textProbabilities(texts, labels);
    const { probabilities, weight } = bestMixture(first.probabilities, words, labels);
    return { ...first, probabilities, judge: weight === 0 ? 'linear' : weight === 1 ? first.judge : 'both' };
  });
}

function unlabelled({ roles, seed }: TableContext, texts: Texts, labels: Labels | null): PlannedCheck[] {
  return [
    {
      name: 'repeated-payload',
      purpose: 'poisoning',
      run: () => tempered(checkAbsoluteCounts({ texts })),
    },
    {
      name: 'near-duplicates',
      // Documents of a knowledge base come in versions: that is no attack by itself.
      purpose: roles.knowledgeBase ? 'quality' : 'poisoning',
      run: () => checkNearDuplicates({ texts, labels }, { seed }),
    },
  ];
}

function pairPlans({ input, roles, seed }: TableContext): Plans {
  const [prompts, responses] = [roles.prompt, roles.response].map((name) =>
    textsOf(columnNamed(input.columns, name as string)),
  ) as [Texts, Texts];
  const both = prompts.map((prompt, row) => `${prompt ?? ''}\n${responses[row] ?? ''}`);
  return {
    plans: [
      {
        name: 'response-pairs',
        purpose: 'poisoning',
        leads: true,
        run: () => checkResponsePairs({ prompts, responses }, { seed }),
      },
      {
        name: 'repeated-payload',
        purpose: 'poisoning',
        run: () => tempered(checkAbsoluteCounts({ texts: both })),
      },
      {
        name: 'near-duplicates',
        purpose: 'poisoning',
        run: () => checkNearDuplicates({ texts: both, labels: null }, { seed }),
      },
    ],
    leftOut: [],
  };
}

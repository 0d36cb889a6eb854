import type { ModelFacts, SystemFacts } from './types.ts';

export interface CompletenessItem {
  readonly id: string;
  readonly title: string;
  readonly weight: number;
  readonly present: boolean;
  /** What to do for it; empty where it is there. */
  readonly advice: string;
}

export interface Completeness {
  /** 0 to 100: weights of what is there over all weights, rounded down. */
  readonly score: number;
  readonly items: readonly CompletenessItem[];
}

type Rule = readonly [
  id: string,
  title: string,
  weight: number,
  holds: (facts: ModelFacts) => boolean,
  advice: string,
];

const CARD = 'Write it down in the model card, on the page of the model.';

/**
 * What a bill of materials of a model should say, with its weight: the fields of CycloneDX's machine-learning
 * component and model card, those more that decide whether a reader can tell what it is and where it is from.
 */
const RULES: readonly Rule[] = Object.freeze<Rule[]>([
  ['name', 'Name and version', 4, () => true, ''],
  ['digest', 'Digest of the whole', 6, ({ digest }) => digest !== null, 'Upload its files.'],
  [
    'files',
    'Digest of every file',
    6,
    ({ files }) => files.length > 0 && files.every(({ sha256 }) => sha256 !== ''),
    'Upload its files.',
  ],
  [
    'description',
    'Description',
    4,
    ({ description }) => description !== '',
    'Describe the version or the model.',
  ],
  ['supplier', 'Who made it', 4, ({ card }) => card.supplier !== '', CARD],
  [
    'license',
    'Licence',
    6,
    (facts) => licenseOf(facts) !== '',
    `${CARD} A README with "license:" says it too.`,
  ],
  [
    'task',
    'Task',
    5,
    ({ card, found }) => (card.task || found.task) !== '',
    `${CARD} A README with "pipeline_tag:" says it too.`,
  ],
  ['approach', 'How it learned', 3, ({ card }) => card.approach !== '', CARD],
  [
    'architecture',
    'Architecture',
    5,
    ({ card, found }) =>
      (card.architectureFamily || card.architecture || found.architectureFamily || found.architecture) !== '',
    `${CARD} A config.json or MLmodel says it too.`,
  ],
  [
    'inputs',
    'Inputs',
    3,
    ({ found }) => found.inputs.length > 0,
    'Log the model with a signature (mlflow infer_signature).',
  ],
  [
    'outputs',
    'Outputs',
    3,
    ({ found }) => found.outputs.length > 0,
    'Log the model with a signature (mlflow infer_signature).',
  ],
  [
    'datasets',
    'Data it was made from',
    6,
    ({ datasets, found }) => datasets.length + found.datasets.length > 0,
    'Name the data in the run: mlflow.log_input.',
  ],
  [
    'dataset-digests',
    'Digests of that data',
    3,
    ({ datasets }) => datasets.length > 0 && datasets.every(({ digest }) => digest !== ''),
    'Name the data in the run: mlflow.log_input.',
  ],
  [
    'metrics',
    'How well it does',
    6,
    ({ metrics }) => metrics.length > 0,
    'Log metrics in the run that makes it.',
  ],
  [
    'base',
    'What it was made from',
    5,
    ({ base, card, found }) => base !== null || card.trainedFromScratch || found.base !== '',
    'Name its base model, or say in the model card that it was trained from scratch.',
  ],
  [
    'libraries',
    'Libraries it needs',
    5,
    ({ found }) => found.libraries.length > 0,
    'Put a requirements.txt beside it; mlflow does.',
  ],
  ['run', 'The run that made it', 3, ({ run }) => run !== null, 'Register it from a run.'],
  [
    'revision',
    'Revision of the code',
    2,
    ({ run }) => run !== null && run.revision !== '',
    'Run the training in a Git checkout; mlflow notes the commit.',
  ],
  ['use-cases', 'What it is for', 5, ({ card, systems }) => card.useCases.length + systems.length > 0, CARD],
  ['users', 'Who is to use it', 3, ({ card }) => card.users.length > 0, CARD],
  ['limitations', 'Its limits', 5, ({ card }) => card.limitations.length > 0, CARD],
  ['tradeoffs', 'Its trade-offs', 2, ({ card }) => card.tradeoffs.length > 0, CARD],
  ['risks', 'Risks and what is done about them', 4, ({ card }) => card.risks.length > 0, CARD],
  ['energy', 'Energy of the training', 1, ({ card }) => card.trainingEnergyKwh !== null, CARD],
  [
    'signature',
    'A trusted signature',
    4,
    ({ signature }) => signature.state === 'trusted',
    'Sign it, and trust the signer under Signing.',
  ],
  [
    'provenance',
    'Provenance',
    2,
    ({ hasProvenance }) => hasProvenance,
    'Attach SLSA provenance: bartizan model provenance.',
  ],
  ['scan', 'A finished scan', 3, ({ verdict }) => verdict !== null, 'Wait for the scan, or ask for it.'],
]);

/** What people wrote, else what the files say. */
export const licenseOf = ({ card, found }: Pick<ModelFacts, 'card' | 'found'>): string =>
  card.license || found.license;

function scoreOf(items: readonly CompletenessItem[]): number {
  const all = items.reduce((sum, { weight }) => sum + weight, 0);
  const there = items.reduce((sum, { weight, present }) => sum + (present ? weight : 0), 0);
  return all === 0 ? 0 : Math.floor((there / all) * 100);
}

/** How much of what a reader wants to know of a model its bill of materials says. */
export function modelCompleteness(facts: ModelFacts): Completeness {
  const items = RULES.map(([id, title, weight, holds, advice]) => {
    const present = holds(facts);
    return { id, title, weight, present, advice: present ? '' : advice };
  });
  return { score: scoreOf(items), items };
}

/** Of a system: its own description, and the mean of its models, which weigh three quarters. */
export function systemCompleteness(facts: SystemFacts): Completeness {
  const models = facts.models.map((model) => ({ model, ...modelCompleteness(model) }));
  const own = (id: string, title: string, present: boolean, advice: string): CompletenessItem => ({
    id,
    title,
    weight: 5,
    present,
    advice: present ? '' : advice,
  });
  const items: CompletenessItem[] = [
    own('purpose', 'What it is for', facts.purpose !== '', 'Say it on the page of the system.'),
    own('description', 'Description', facts.description !== '', 'Describe it on the page of the system.'),
    own('supplier', 'Owner', facts.supplier !== '', 'Name an owner on the page of the system.'),
    own(
      'models',
      'Models',
      facts.models.length + facts.vendorModels.length > 0,
      'Link the models that it uses.',
    ),
    own('data', 'Data sources', facts.dataSources.length > 0, 'Name the data that it reads.'),
    ...models.map(({ model, score }) => ({
      id: `model:${model.id}`,
      title: `${model.name} ${model.version}: ${score} of 100`,
      weight: (75 / models.length) * (score / 100),
      present: true,
      advice: '',
    })),
    ...models
      .filter(({ score }) => score < 100)
      .map(({ model, score }) => ({
        id: `missing:${model.id}`,
        title: `What ${model.name} ${model.version} does not say`,
        weight: (75 / models.length) * (1 - score / 100),
        present: false,
        advice: 'See the bill of materials of that version.',
      })),
  ];
  return { score: scoreOf(items), items };
}

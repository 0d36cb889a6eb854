import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describingFiles,
  type ModelFacts,
  modelCompleteness,
  modelDocument,
  NOTHING_FOUND,
  readDescriptions,
  systemCompleteness,
  systemDocument,
  validateBom,
} from './index.ts';
import { librariesOf } from './read.ts';

const EMPTY_CARD: ModelFacts['card'] = {
  license: '',
  supplier: '',
  task: '',
  approach: '',
  architectureFamily: '',
  architecture: '',
  useCases: [],
  users: [],
  limitations: [],
  tradeoffs: [],
  risks: [],
  trainingEnergyKwh: null,
  trainedFromScratch: false,
};

const bare: ModelFacts = {
  id: '0195a000-0000-7000-8000-000000000001',
  name: 'credit scoring',
  version: 3,
  description: '',
  digest: 'a'.repeat(64),
  createdAt: 0,
  createdBy: '',
  stage: 'none',
  tags: {},
  files: [{ path: 'model.pkl', sha256: 'b'.repeat(64), size: 12 }],
  metrics: [],
  datasets: [],
  base: null,
  run: null,
  verdict: null,
  signature: { state: 'unsigned', signers: [] },
  hasProvenance: false,
  systems: [],
  card: EMPTY_CARD,
  found: NOTHING_FOUND,
  url: '',
};

const full: ModelFacts = {
  ...bare,
  description: 'Says who gets a loan',
  createdBy: 'Ada',
  stage: 'production',
  tags: { team: 'risk', 'mlflow.user': 'ada' },
  metrics: [{ key: 'auc', value: '0.91' }],
  datasets: [
    { name: 'loans', digest: 'c'.repeat(64), context: 'training', source: '{"uri":"s3://loans/2026"}' },
    { name: 'loans', digest: '8f31ab', context: 'validation', source: '' },
  ],
  base: { kind: 'external', name: 'hf:acme/base', digest: 'd'.repeat(64) },
  run: { id: 'r1', source: 'https://git.example.com/credit', revision: 'abc123' },
  verdict: 'clean',
  signature: { state: 'trusted', signers: ['Release team'] },
  hasProvenance: true,
  systems: [{ id: 's1', name: 'Loan desk', purpose: 'Pre-checks of applications' }],
  card: {
    license: 'apache-2.0',
    supplier: 'Acme',
    task: 'classification',
    approach: 'supervised',
    architectureFamily: 'gradient boosting',
    architecture: 'XGBClassifier',
    useCases: ['Loans to private people'],
    users: ['Loan officers'],
    limitations: ['Not for companies'],
    tradeoffs: ['Recall before precision'],
    risks: [{ name: 'Zip codes stand for income', mitigation: 'Slice tests' }],
    trainingEnergyKwh: 1.5,
    trainedFromScratch: false,
  },
  found: {
    ...NOTHING_FOUND,
    inputs: ['income: double'],
    outputs: ['long'],
    languages: ['en'],
    libraries: [{ name: 'scikit-learn', version: '1.9.1' }],
  },
  url: 'https://bartizan.example.com/inventory/models/1/versions/3',
};
const options = { spec: '1.6', nowMs: 1_700_000_000_000, tool: '0.1.0' } as const;

/** A document as tests reach into it. */
interface Altered {
  metadata: { component: { modelCard: { modelParameters: object } } };
  components: { name?: string; 'bom-ref': string }[];
  dependencies: object[];
}

describe('documents', () => {
  test.each(['1.6', '1.7'] as const)(
    'of version %s hold against the official schema, bare and full',
    async (spec) => {
      for (const facts of [bare, full, { ...full, digest: null, files: [] }]) {
        expect(await validateBom(modelDocument(facts, { ...options, spec }))).toEqual({
          valid: true,
          spec,
          errors: [],
        });
      }
    },
  );

  test.each(['1.6', '1.7'] as const)('of a system hold too (%s), each part once', async (spec) => {
    const document = systemDocument(
      {
        id: 's1',
        name: 'Loan desk',
        description: 'Helps officers',
        purpose: 'Pre-checks',
        supplier: 'Ada',
        url: '',
        models: [full, { ...full, id: 'other', version: 4 }],
        vendorModels: ['gpt-5'],
        dataSources: [{ name: 'CRM', kind: 'database', isPersonal: true }],
        endpoints: [{ id: 'e', name: 'Loans' }],
      },
      { ...options, spec },
    );
    expect((await validateBom(document)).errors).toEqual([]);
    const refs = (document.components as { 'bom-ref': string }[]).map((one) => one['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(refs).toContain('vendor-model:gpt-5');
  });

  test('any text that people or files bring keeps them valid', async () => {
    const line = fc.string({ maxLength: 60, unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          name: fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }),
          description: line,
          createdBy: line,
          tags: fc.dictionary(line, line, { maxKeys: 4 }),
        }),
        fc.array(fc.record({ name: line, digest: line, context: line, source: line }), { maxLength: 3 }),
        fc.array(line, { maxLength: 3 }),
        line,
        async (texts, datasets, lines, source) => {
          const facts: ModelFacts = {
            ...full,
            ...texts,
            datasets,
            url: source,
            run: { id: source, source, revision: source },
            card: { ...full.card, license: source, useCases: lines, users: lines, limitations: lines },
            found: { ...full.found, inputs: lines, datasets: lines, base: source },
          };
          expect((await validateBom(modelDocument(facts, options))).errors).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('name where everything is from', () => {
    const document = modelDocument(full, options) as unknown as Altered;
    expect(document).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      metadata: {
        component: {
          type: 'machine-learning-model',
          hashes: [{ alg: 'SHA-256', content: 'a'.repeat(64) }],
          licenses: [{ license: { id: 'Apache-2.0' } }],
          modelCard: {
            modelParameters: { approach: { type: 'supervised' }, task: 'classification' },
            quantitativeAnalysis: { performanceMetrics: [{ type: 'auc', value: '0.91' }] },
          },
        },
      },
    });
    const names = document.components.map(({ name }) => name);
    expect(names).toEqual(['model.pkl', 'loans', 'loans', 'hf:acme/base', 'scikit-learn']);
  });
});

describe('a document that was altered', () => {
  const valid = () => structuredClone(modelDocument(full, options)) as unknown as Altered;
  test.each<[string, (document: Altered) => void]>([
    ['another type of component', ({ metadata }) => Object.assign(metadata.component, { type: 'brain' })],
    [
      'a hash that is none',
      ({ components }) => Object.assign(components[0] ?? {}, { hashes: [{ alg: 'SHA-256', content: 'x' }] }),
    ],
    ['a field that there is not', (document) => Object.assign(document, { unheard: true })],
    ['a component without a name', ({ components }) => delete components[0]?.name],
    [
      'the same reference twice in a list',
      ({ dependencies }) => Object.assign(dependencies[0] ?? {}, { dependsOn: ['a', 'a'] }),
    ],
    ['a serial number that is none', (document) => Object.assign(document, { serialNumber: 'urn:uuid:no' })],
    [
      'another approach',
      ({ metadata }) =>
        Object.assign(metadata.component.modelCard.modelParameters, { approach: { type: 'magic' } }),
    ],
  ])('is refused: %s', async (_, alter) => {
    const document = valid();
    alter(document);
    const answer = await validateBom(document);
    expect(answer).toMatchObject({ valid: false, spec: '1.6' });
    expect(answer.errors.length).toBeGreaterThan(0);
  });

  test('what is no document at all is refused with what to do', async () => {
    expect(await validateBom(null)).toMatchObject({ valid: false, spec: null });
    expect(await validateBom([])).toMatchObject({ valid: false });
    expect(await validateBom({ specVersion: '1.2' })).toMatchObject({
      errors: [{ message: expect.stringContaining('1.7') }],
    });
    let deep: unknown = {};
    for (let index = 0; index < 500; index += 1) deep = { components: [deep] };
    expect(await validateBom({ specVersion: '1.6', ...(deep as object) })).toMatchObject({
      errors: [{ message: expect.stringContaining('deeper') }],
    });
  });
});

describe('completeness', () => {
  test('rises with each thing that is said, from little to all', () => {
    expect(modelCompleteness(full).score).toBeGreaterThanOrEqual(90);
    expect(modelCompleteness(bare).score).toBeLessThan(30);
    const { items } = modelCompleteness(bare);
    expect(items.filter(({ present }) => !present).every(({ advice }) => advice !== '')).toBe(true);
    const withLicense = { ...bare, card: { ...EMPTY_CARD, license: 'MIT' } };
    expect(modelCompleteness(withLicense).score).toBeGreaterThan(modelCompleteness(bare).score);
  });

  test('of a system counts its models by how complete they are', () => {
    const system = {
      id: 's',
      name: 'S',
      description: 'd',
      purpose: 'p',
      supplier: 'o',
      url: '',
      vendorModels: [],
      dataSources: [{ name: 'CRM', kind: 'database', isPersonal: false }],
      endpoints: [],
    };
    const good = systemCompleteness({ ...system, models: [full] }).score;
    const poor = systemCompleteness({ ...system, models: [full, bare] }).score;
    expect(good).toBeGreaterThan(poor);
    expect(systemCompleteness({ ...system, models: [] }).score).toBeLessThanOrEqual(100);
  });
});

describe('what files say', () => {
  const README = `---
license: mit
pipeline_tag: text-classification
language: [en, de]
datasets:
  - imdb
base_model: acme/base
---
# A model
`;
  const MLMODEL = `flavors:
  python_function: {loader_module: mlflow.sklearn}
  sklearn: {pickled_model: model.pkl}
signature:
  inputs: '[{"type": "double", "name": "income"}, {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}]'
  outputs: '[{"type": "long"}]'
`;

  test('is read from README, config, MLmodel and requirements', () => {
    const found = readDescriptions(
      new Map([
        ['README.md', README],
        ['config.json', '{"model_type": "bert", "architectures": ["BertForSequenceClassification"]}'],
        ['MLmodel', MLMODEL],
        [
          'requirements.txt',
          'mlflow==3.17.2\nscikit-learn>=1.0\n# a comment\n-r other.txt\nTorch[cpu]==2.15.0 ; python_version > "3"',
        ],
      ]),
    );
    expect(found).toEqual({
      license: 'mit',
      task: 'text-classification',
      architectureFamily: 'bert',
      architecture: 'BertForSequenceClassification',
      languages: ['en', 'de'],
      datasets: ['imdb'],
      base: 'acme/base',
      inputs: ['income: double', 'float32 [-1 × 4]'],
      outputs: ['long'],
      libraries: [
        { name: 'mlflow', version: '3.17.2' },
        { name: 'scikit-learn', version: '' },
        { name: 'torch', version: '2.15.0' },
      ],
    });
  });

  test('only small files of each kind are read, those nearest to the root', () => {
    const file = (path: string, size = 10) => ({ path, size });
    expect(
      describingFiles([
        file('deep/README.md'),
        file('README.md'),
        file('config.json', 1e9),
        file('weights.bin'),
      ]),
    ).toEqual([file('README.md')]);
  });

  test('whatever the files hold, reading answers', () => {
    const bomb = `---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\nlicense: mit\n---`;
    expect(readDescriptions(new Map([['README.md', bomb]])).license).toBe('');
    const tooMuch = [
      '['.repeat(15_000),
      '- '.repeat(8_000),
      Array.from({ length: 3_000 }, (_, i) => `k${i}:`).join('\n'),
    ];
    for (const text of tooMuch)
      expect(readDescriptions(new Map([['README.md', `---\nlicense: mit\nx:\n${text}\n---`]])).license).toBe(
        '',
      );
    expect(readDescriptions(new Map([['MLmodel', 'flavors: !!python/object:os.system {}']])).inputs).toEqual(
      [],
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        for (const name of ['README.md', 'config.json', 'MLmodel', 'requirements.txt'])
          readDescriptions(
            new Map([
              [name, text],
              [`a/${name}`, `---\n${text}\n---`],
            ]),
          );
        expect(librariesOf(text).length).toBeLessThanOrEqual(300);
      }),
    );
  });
});

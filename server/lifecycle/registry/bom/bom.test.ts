import type { BomAnswer, ModelCard, SystemDetail } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import type { StoredVersion } from '../model.ts';
import { makeTeam, person, registryOn, storeFiles } from '../models/testing.ts';

const README =
  '---\nlicense: mit\npipeline_tag: text-classification\nbase_model: acme/base\n---\n# Toxicity\n';
const MLMODEL = `flavors: {sklearn: {}}
signature: {inputs: '[{"type": "string", "name": "text"}]', outputs: '[{"type": "long"}]'}
`;

let server: TestServer;
let version: StoredVersion;
const ada = person();

beforeAll(async () => {
  server = await startTestServer({ background: false });
  const { models } = registryOn(server.open);
  const files = await storeFiles(server.objects, {
    'README.md': README,
    MLmodel: MLMODEL,
    'requirements.txt': 'scikit-learn==1.9.1\n',
    'model.bin': 'weights',
  });
  const model = await models.createModel(ada, { name: 'toxicity' });
  version = await models.createVersion(ada, model.id, {
    files,
    metrics: [{ key: 'f1', value: 0.9 }],
    datasets: [{ name: 'comments', digest: 'abc', context: 'training', source: '{}' }],
  });
}, 300_000);
afterAll(() => server?.close());

const bomOf = (spec = '1.6', principal = ada): Promise<BomAnswer> =>
  server.call('models.bom', { params: { model: 'toxicity', version: '1' }, query: { spec }, principal });

test('says what the registry knows and what the files say', async () => {
  const { document, spec } = await bomOf('1.7');
  expect(spec).toBe('1.7');
  expect(document).toMatchObject({
    specVersion: '1.7',
    metadata: {
      component: {
        name: 'toxicity',
        version: '1',
        hashes: [{ content: version.digest }],
        licenses: [{ license: { id: 'MIT' } }],
        modelCard: {
          modelParameters: { task: 'text-classification', inputs: [{ format: 'text: string' }] },
          quantitativeAnalysis: { performanceMetrics: [{ type: 'f1', value: '0.9' }] },
        },
      },
    },
  });
  const names = (document.components as { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['model.bin', 'comments', 'acme/base', 'scikit-learn']));
});

test('gets more complete by its model card, which is on record', async () => {
  const before = await bomOf();
  const card: ModelCard = await server.call('models.setCard', {
    params: { model: 'toxicity' },
    body: {
      supplier: 'Acme',
      approach: 'supervised',
      limitations: ['English only'],
      useCases: ['Moderation'],
    },
    principal: ada,
  });
  expect(card).toMatchObject({ supplier: 'Acme', updatedBy: 'Ada', license: '' });
  const after = await bomOf();
  expect(after.completeness.score).toBeGreaterThan(before.completeness.score);
  expect(after.completeness.items.find(({ id }) => id === 'limitations')).toMatchObject({ present: true });
  expect(await server.audited()).toContainEqual(
    expect.objectContaining({
      action: 'models.card-changed',
      detail: { name: 'toxicity', fields: ['supplier', 'approach', 'useCases', 'limitations'] },
    }),
  );
});

test('of a system has its models, vendors’ models and data', async () => {
  const system: SystemDetail = await server.call('systems.create', {
    body: {
      key: 'moderation',
      name: 'Moderation',
      purpose: 'Keeps the forum civil',
      modelIds: [version.modelId],
      vendorModels: ['gpt-5'],
      dataSources: [{ name: 'Forum', kind: 'database', personalData: 'yes' }],
    },
    principal: ada,
  });
  const bom: BomAnswer = await server.call('systems.bom', { params: { id: system.id }, principal: ada });
  const components = bom.document.components as { name: string; type: string }[];
  expect(components).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'machine-learning-model', name: 'toxicity' }),
      expect.objectContaining({ type: 'machine-learning-model', name: 'gpt-5' }),
      expect.objectContaining({ type: 'data', name: 'Forum' }),
    ]),
  );
});

test('is not there for those out of reach, and cards neither', async () => {
  const team = await makeTeam(server.open, 'risk');
  const { models } = registryOn(server.open);
  const model = await models.createModel(ada, { name: 'secret', teamId: team });
  await models.createVersion(ada, model.id, { files: await storeFiles(server.objects, { a: 'b' }) });
  const stranger = person([]);
  const params = { model: 'secret', version: '1' };
  const calls = [
    () => server.call('models.bom', { params, principal: stranger }),
    () => server.call('models.card', { params, principal: stranger }),
    () => server.call('models.setCard', { params, body: {}, principal: stranger }),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'not_found' });
});

test('of others is held against the schema', async () => {
  const { document } = await bomOf();
  expect(await server.call('boms.validate', { body: document })).toEqual({
    valid: true,
    spec: '1.6',
    errors: [],
  });
  expect(await server.call('boms.validate', { body: { ...document, unheard: 1 } })).toMatchObject({
    valid: false,
  });
});

import type { Endpoint, Quarantine } from '@bartizan/contracts';
import { expect, vi } from 'vitest';
import { registryOn, storeFiles } from '../../registry/models/testing.ts';
import { principalWith, type TestServer } from '../../testing.ts';

/** Waits until a quarantine is no longer worked on. */
export async function ended(server: Pick<TestServer, 'call'>, id: string): Promise<Quarantine> {
  const got: { last?: Quarantine } = {};
  await vi.waitFor(
    async () => {
      got.last = await server.call('cleaning.get', { params: { id } });
      expect((got.last as Quarantine).state).not.toBe('working');
    },
    { timeout: 120_000, interval: 200 },
  );
  return got.last as Quarantine;
}

/** A run that read the dataset, a model that it made, and an endpoint that serves it. */
export async function made(
  server: TestServer,
  { dataset, root, model: name }: { readonly dataset: string; readonly root: string; readonly model: string },
): Promise<void> {
  const { run }: { run: { info: { run_id: string } } } = await server.call('mlflow.runs.create', {
    body: { run_name: 'train', start_time: Date.now(), tags: [] },
  });
  const { run_id: id } = run.info;
  const read = { name: dataset, digest: root.slice(0, 12), source_type: 'local', source: 'a file' };
  await server.call('mlflow.runs.logInputs', {
    body: { run_id: id, datasets: [{ tags: [], dataset: read }] },
  });
  const { models } = registryOn(server.open);
  const files = await storeFiles(server.objects, { 'model.safetensors': 'weights' });
  const model = await models.createModel(principalWith(), { name });
  const runId = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  await models.createVersion(principalWith(), model.id, { files, runId });
  const endpoint: Endpoint = await server.call('endpoints.create', { body: { slug: name, name } });
  await server.call('endpoints.setModels', {
    params: { id: endpoint.id },
    body: { items: [{ modelId: model.id, version: '1' }] },
  });
}

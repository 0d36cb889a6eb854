import { randomUUID } from 'node:crypto';
import type {
  DataLineageGraph,
  DataLineageNode,
  Endpoint,
  Source,
  SystemDetail,
  Trace,
} from '@bartizan/contracts';
import type { Principal } from '../../../platform/http/types.ts';
import { registryOn, storeFiles } from '../../registry/models/testing.ts';
import { principalWith, type TestServer } from '../../testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';

type Call = Pick<TestServer, 'call'>;

/** Somebody in these teams only. */
export const member = (...teams: readonly string[]): Principal => ({
  ...principalWith(),
  ownerId: null,
  teams: new Set(teams),
});

export async function teamNamed(server: Pick<TestServer, 'open'>, name: string): Promise<string> {
  const id = randomUUID();
  await server.open.pool.query(
    `insert into teams (id, name, description, created_at) values ($1, $2, '', now())`,
    [id, name],
  );
  return id;
}

/** An event as a client of OpenLineage sends it. */
export const event = (fields: object): object => ({
  eventTime: '2026-11-21T10:00:00.000Z',
  producer: 'https://example.test/etl/1.4',
  schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
  ...fields,
});

/** Whose events those of tests are that name nobody: what somebody else tells is another's. */
export const NIGHTLY: Principal = { ...principalWith(), name: 'Nightly jobs' };

export const send = (server: Call, fields: object, principal: Principal = NIGHTLY): Promise<void> =>
  server.call('lineage.receive', { body: event(fields), principal });

export const graphOf = (server: Call, query: object = {}, principal?: Principal): Promise<DataLineageGraph> =>
  server.call('lineage.graph', { query, ...(principal ? { principal } : {}) });

export const trace = (server: Call, subject: string, principal?: Principal): Promise<Trace> =>
  server.call('lineage.trace', { query: { subject }, ...(principal ? { principal } : {}) });

export const search = async (server: Call, q: string, principal?: Principal): Promise<DataLineageNode[]> =>
  (
    (await server.call('lineage.search', { query: { q }, ...(principal ? { principal } : {}) })) as {
      items: DataLineageNode[];
    }
  ).items;

/** Edges as people read them. */
export function drawn({ nodes, edges }: DataLineageGraph): string[] {
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  return edges
    .map(({ from, relation, to }) => `${labels.get(from)} -${relation}-> ${labels.get(to)}`)
    .toSorted();
}

/** A run that MLflow's client logged, which read these datasets. */
export async function runThatRead(
  server: Call,
  name: string,
  datasets: readonly { readonly name: string; readonly digest: string; readonly source?: string }[],
  principal?: Principal,
): Promise<string> {
  const as = principal ? { principal } : {};
  const { run }: { run: { info: { run_id: string } } } = await server.call('mlflow.runs.create', {
    ...as,
    body: { run_name: name, start_time: Date.now(), tags: [] },
  });
  await server.call('mlflow.runs.logInputs', {
    ...as,
    body: {
      run_id: run.info.run_id,
      datasets: datasets.map(({ source = 'a file', ...dataset }) => ({
        tags: [],
        dataset: { ...dataset, source_type: 'local', source },
      })),
    },
  });
  return run.info.run_id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** From a source over a batch, a dataset, a run and a model to an endpoint and a system. */
export async function chain(server: TestServer) {
  const source: Source = await server.call('dataSources.create', {
    body: { name: 'Bureau', owner: 'Ada', method: 'purchase' },
  });
  await server.call('dataSources.trust', {
    params: { id: source.id },
    body: { trust: 'trusted', reason: 'looked at by hand' },
    principal: principalWith(),
  });
  const first = await versionOf(
    server,
    'credit',
    { 'a.csv': loans(200) },
    { source: 'Bureau', batch: 'October' },
  );
  const second = await versionOf(
    server,
    'credit',
    { 'a.csv': loans(300) },
    { source: 'Bureau', batch: 'November' },
  );
  const runId = await runThatRead(server, 'train', [
    { name: 'credit', digest: (second.root ?? '').slice(0, 12) },
  ]);
  const { models } = registryOn(server.open);
  const ada = principalWith();
  const files = await storeFiles(server.objects, { 'model.safetensors': 'weights' });
  const model = await models.createModel(ada, { name: 'scorer' });
  const version = await models.createVersion(ada, model.id, { files, runId });
  const endpoint: Endpoint = await server.call('endpoints.create', {
    body: { slug: 'score', name: 'Scores' },
  });
  await server.call('endpoints.setModels', {
    params: { id: endpoint.id },
    body: { items: [{ modelId: model.id, version: '1' }] },
  });
  const system: SystemDetail = await server.call('systems.create', {
    body: { key: 'lending', name: 'Lending', modelIds: [model.id], endpointIds: [endpoint.id] },
  });
  return { source, first, second, runId, model, version, endpoint, system };
}

import type { DataLineageNode } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import { reaches, type Viewer } from '../../sight.ts';
import { inReach, reachSql } from '../datasets/reach.ts';
import type { KnownVersion } from '../ports.ts';
import { noSuchThing } from './graph.ts';
import { isUuid, type NodeId, nodeId, splitId, uuidOf } from './model.ts';
import { batchId } from './newest.ts';
import type { LineageDeps } from './ports.ts';

/** What is asked about, as far as it is told by its text. */
export type Subject =
  | { readonly is: 'node'; readonly id: NodeId }
  | { readonly is: 'record'; readonly version: KnownVersion; readonly row: number }
  | { readonly is: 'interaction'; readonly node: DataLineageNode; readonly endpoint: NodeId };

const FORMS =
  'DATASET@VERSION, DATASET@VERSION#ROW, source:NAME, batch:DATASET/NAME, model:NAME@VERSION, endpoint:NAME, run:ID or interaction:ID';

const wrong = (message: string): AppError =>
  new AppError('invalid_input', message, {
    hint: `Write one of ${FORMS}.`,
    issues: [{ path: 'subject', message }],
  });

const missing = (what: string, hint: string): AppError =>
  new AppError('not_found', `there is no such ${what}`, { hint });

/** `NAME@VERSION`, split at the last `@`. */
function atVersion(text: string): { readonly name: string; readonly version: string } {
  const at = text.lastIndexOf('@');
  if (at <= 0) throw wrong('this names no version: a name, "@" and a number are needed');
  return { name: text.slice(0, at), version: text.slice(at + 1) };
}

/** Finds what people write, within reach. `invalid_input` for what is no such text, `not_found` for what is not there. */
export function createSubjects({ database, ports, datasets }: LineageDeps) {
  async function source(viewer: Viewer, name: string): Promise<Subject> {
    const { rows } = await sql<{ id: string }>`select id from data_sources s
      where (s.name_key = ${name.toLowerCase()} or s.name = ${name} or s.id::text = ${name})
        and ${reachSql(viewer, sql`s.team_id`)} limit 1`.execute(database);
    if (!rows[0]) throw missing('source', 'List the sources to see their names.');
    return { is: 'node', id: nodeId('source', rows[0].id) };
  }

  async function batch(viewer: Viewer, text: string): Promise<Subject> {
    if (!text.includes('/')) throw wrong('a batch is named with its dataset: batch:DATASET/NAME');
    const { rows } = await sql<{ datasetId: string; batch: string }>`
      select v.dataset_id as "datasetId", v.batch
      from data_datasets d join data_versions v on v.dataset_id = d.id
      where left(${text}, length(d.name) + 1) = d.name || '/' and d.name || '/' || v.batch = ${text}
        and d.removed_at is null and ${reachSql(viewer, sql`d.team_id`)} limit 1`.execute(database);
    if (!rows[0]) throw missing('batch', 'Versions of the dataset say their batch.');
    return { is: 'node', id: batchId(rows[0].datasetId, rows[0].batch) };
  }

  async function model(viewer: Viewer, text: string): Promise<Subject> {
    const { name, version } = atVersion(text);
    if (!/^[1-9]\d{0,8}$/.test(version)) throw wrong('versions of models are named by their number here');
    const found = await ports.registry.modelVersion(name, Number(version));
    if (!found || !inReach(viewer, found.teamId))
      throw missing('version of a model', 'List the models and their versions.');
    return { is: 'node', id: nodeId('model-version', found.id) };
  }

  async function endpoint(viewer: Viewer, text: string): Promise<Subject> {
    const found = (await ports.endpoints()).find(({ id, slug }) => slug === text || id === text);
    if (!found || !reaches(viewer, found))
      throw missing('endpoint', 'List the endpoints to see their names.');
    return { is: 'node', id: nodeId('endpoint', found.id) };
  }

  async function interaction(viewer: Viewer, text: string): Promise<Subject> {
    const id = uuidOf(text);
    if (id === undefined) throw wrong('the id of an interaction is a UUID');
    const sight = await ports.interactions.sightOf(viewer);
    const { endpointId, at } = await ports.interactions.place(id, { sight });
    const node: DataLineageNode = {
      id: nodeId('interaction', id),
      kind: 'interaction',
      label: id,
      ref: id,
      version: null,
      quarantined: false,
      verdict: null,
      hidden: false,
      distance: 0,
      at,
    };
    return { is: 'interaction', node, endpoint: nodeId('endpoint', endpointId ?? '') };
  }

  async function dataset(viewer: Viewer, text: string): Promise<Subject> {
    const match = /^(.+@[^#]*)(?:#(\d{1,15}))?$/s.exec(text);
    if (!match?.[1]) throw wrong('this is nothing that can be traced');
    const { name, version: number } = atVersion(match[1]);
    if (number !== 'latest' && !/^[1-9]\d{0,8}$/.test(number))
      throw wrong('the version of a dataset is a number or "latest"');
    const version = await datasets.version(viewer, name, number);
    if (match[2] === undefined) return { is: 'node', id: nodeId('dataset-version', version.id) };
    const row = Number(match[2]);
    if (version.rows !== null && row >= version.rows)
      throw new AppError('not_found', `the version has no row ${row}: rows go from 0 to ${version.rows - 1}`);
    return { is: 'record', version, row };
  }

  const BY_PREFIX: Readonly<Record<string, (viewer: Viewer, rest: string) => Promise<Subject>>> = {
    source,
    batch,
    model,
    endpoint,
    interaction,
    async run(_, text) {
      const id = uuidOf(text);
      if (id === undefined) throw wrong('the id of a run is a UUID, or 32 hexadecimal digits');
      return { is: 'node', id: nodeId('run', id) };
    },
  };

  return Object.freeze({
    async find(viewer: Viewer, text: string): Promise<Subject> {
      if (viewer.endpoints) throw noSuchThing();
      if (text.includes('\0') || !text.isWellFormed()) throw wrong('this is no valid text');
      const colon = text.indexOf(':');
      const rest = text.slice(colon + 1);
      // What the graph calls things by is taken too.
      const node = splitId(text);
      if (node && isUuid(node.key)) return { is: 'node', id: text };
      const find = colon > 0 ? BY_PREFIX[text.slice(0, colon)] : undefined;
      if (!find || !Object.hasOwn(BY_PREFIX, text.slice(0, colon))) return await dataset(viewer, text);
      if (rest === '') throw wrong(`nothing is named after "${text}"`);
      return await find(viewer, rest);
    },
  });
}
export type Subjects = ReturnType<typeof createSubjects>;

import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { Page } from '../runs/model.ts';
import { teamInReach } from '../runs/reach.ts';
import { allOf, conditionOf, orderTerms, type Target } from '../runs/search/compile.ts';
import { type Clause, parseFilter, parseOrder } from '../runs/search/grammar.ts';
import type { PageTokens } from '../runs/search/page.ts';

export interface RegistrySearch {
  readonly filter: string | undefined;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly token: string | undefined;
}

/** Registered models `m`. */
const MODELS: Target = Object.freeze<Target>({
  dialect: {
    kinds: ['attribute', 'tag'],
    attributes: { name: 'text', creation_timestamp: 'number', last_updated_timestamp: 'number' },
    aliases: { timestamp: 'last_updated_timestamp' },
  },
  columns: {
    name: sql`m.name`,
    creation_timestamp: sql`m.created_at`,
    last_updated_timestamp: sql`m.updated_at`,
  },
  hanging: {
    tag: (key: string) => ({
      from: sql`from model_tags h where h.model_id = m.id and h.key = ${key.replaceAll('\0', '\ufffd')}::text`,
      column: sql`h.value`,
    }),
  },
});

/** Versions `v` of models `m`. */
const VERSIONS: Target = Object.freeze<Target>({
  dialect: {
    kinds: ['attribute', 'tag'],
    attributes: {
      name: 'text',
      version_number: 'number',
      run_id: 'text',
      source_path: 'text',
      creation_timestamp: 'number',
      last_updated_timestamp: 'number',
    },
    aliases: { version: 'version_number', source: 'source_path', timestamp: 'last_updated_timestamp' },
  },
  columns: {
    name: sql`m.name`,
    version_number: sql`v.version`,
    run_id: sql`replace(coalesce(v.run_id, ''), '-', '')`,
    source_path: sql`v.source`,
    creation_timestamp: sql`v.created_at`,
    last_updated_timestamp: sql`v.updated_at`,
  },
  hanging: {
    tag: (key: string) => ({
      from: sql`from model_version_tags h where h.version_id = v.id and h.key = ${key.replaceAll('\0', '\ufffd')}::text`,
      column: sql`h.value`,
    }),
  },
});

/** Set on prompts, which clients ask not to be shown among models: what has no such tag is none. */
const PROMPT_TAG = 'mlflow.prompt.is_prompt';
const asksForNoPrompt = ({ kind, key, operator, value }: Clause): boolean =>
  kind === 'tag' &&
  key === PROMPT_TAG &&
  ((operator === '!=' && value === 'true') || (operator === '=' && value === 'false'));

function conditionsOf(filter: string | undefined, target: Target) {
  const clauses = parseFilter(filter, target.dialect);
  const noPrompt = clauses.filter(asksForNoPrompt).map((clause) => {
    const isPrompt: Clause = { ...clause, operator: '=', value: 'true' };
    return sql`not ${conditionOf(isPrompt, target)}`;
  });
  return sql`${allOf(
    clauses.filter((clause) => !asksForNoPrompt(clause)),
    target,
  )} and ${noPrompt.length === 0 ? sql`true` : sql.join(noPrompt, sql` and `)}`;
}

/** Ids of what matches, with the token of the next page. */
async function idsOf(
  database: Database,
  {
    tokens,
    question,
    limit,
    token,
  }: { tokens: PageTokens; question: unknown; limit: number; token: string | undefined },
  query: ReturnType<typeof sql>,
): Promise<Page<string>> {
  const offset = tokens.offset(token, question);
  const { rows } = await sql<{ id: string }>`${query} limit ${limit + 1} offset ${offset}`.execute(database);
  return {
    items: rows.slice(0, limit).map(({ id }) => id),
    next: rows.length > limit ? tokens.token(offset + limit, question) : null,
  };
}

export interface SearchDeps {
  readonly database: Database;
  readonly tokens: PageTokens;
}

/** Ids of registered models that match, by name unless ordered otherwise. */
export function searchModels({ database, tokens }: SearchDeps, viewer: Viewer, asked: RegistrySearch) {
  const orders = asked.orderBy.map((text) => parseOrder(text, MODELS.dialect));
  const query = sql`select m.id from models m
    where m.removed_at is null and ${teamInReach(viewer, sql`m.team_id`)} and ${conditionsOf(asked.filter, MODELS)}
    order by ${sql.join([...orderTerms(orders, MODELS), sql`m.name asc`])}`;
  const question = ['registered-models', asked.filter ?? '', asked.orderBy];
  return idsOf(database, { tokens, question, limit: asked.limit, token: asked.token }, query);
}

/** Ids of versions that match, those changed last first unless ordered otherwise. */
export function searchVersions({ database, tokens }: SearchDeps, viewer: Viewer, asked: RegistrySearch) {
  const orders = asked.orderBy.map((text) => parseOrder(text, VERSIONS.dialect));
  const last = [sql`v.updated_at desc`, sql`m.name asc`, sql`v.version desc`];
  const query = sql`select v.id from model_versions v join models m on m.id = v.model_id
    where m.removed_at is null and v.removed_at is null and ${teamInReach(viewer, sql`m.team_id`)}
      and ${conditionsOf(asked.filter, VERSIONS)}
    order by ${sql.join([...orderTerms(orders, VERSIONS), ...last])}`;
  const question = ['model-versions', asked.filter ?? '', asked.orderBy];
  return idsOf(database, { tokens, question, limit: asked.limit, token: asked.token }, query);
}

/** Of each model, the newest version in each stage: ids, by model. */
export async function newestByStage(
  database: Database,
  modelIds: readonly string[],
  stages: readonly string[] | null,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql<{ modelId: string; id: string }>`
    select distinct on (model_id, stage) model_id as "modelId", id from model_versions
    where model_id = any(${[...modelIds]}::uuid[]) and removed_at is null
      and (${stages}::text[] is null or stage = any(${stages}::text[]))
    order by model_id, stage, version desc`.execute(database);
  const newest = new Map<string, string[]>();
  for (const { modelId, id } of rows) newest.set(modelId, [...(newest.get(modelId) ?? []), id]);
  return newest;
}

/** Aliases of each model with the number that they point at. */
export async function aliasesOf(
  database: Database,
  modelIds: readonly string[],
): Promise<ReadonlyMap<string, readonly { readonly alias: string; readonly version: string }[]>> {
  const { rows } = await sql<{ modelId: string; alias: string; version: number }>`
    select a.model_id as "modelId", a.alias, v.version from model_aliases a
    join model_versions v on v.id = a.version_id
    where a.model_id = any(${[...modelIds]}::uuid[]) and v.removed_at is null order by a.alias`.execute(
    database,
  );
  const found = new Map<string, { alias: string; version: string }[]>();
  for (const { modelId, alias, version } of rows) {
    found.set(modelId, [...(found.get(modelId) ?? []), { alias, version: String(version) }]);
  }
  return found;
}

/** Of each logged model, the versions that were made from it and are there for the viewer. */
export async function registrationsOf(
  database: Database,
  viewer: Viewer,
  loggedModelIds: readonly string[],
): Promise<ReadonlyMap<string, readonly { readonly name: string; readonly version: number }[]>> {
  if (loggedModelIds.length === 0) return new Map();
  const { rows } = await sql<{ loggedId: string; name: string; version: number }>`
    select v.logged_model_id as "loggedId", m.name, v.version
    from model_versions v join models m on m.id = v.model_id
    where v.logged_model_id = any(${[...loggedModelIds]}::text[]) and v.removed_at is null and m.removed_at is null
      and ${teamInReach(viewer, sql`m.team_id`)} order by m.name, v.version`.execute(database);
  const found = new Map<string, { name: string; version: number }[]>();
  for (const { loggedId, name, version } of rows) {
    found.set(loggedId, [...(found.get(loggedId) ?? []), { name, version }]);
  }
  return found;
}

import type {
  Attention,
  SystemChange,
  SystemGraph,
  SystemOwnerChoice,
  SystemQuery,
  SystemSummary,
} from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import type { Caller } from '../../reviews/index.ts';
import type { Viewer } from '../sight.ts';
import { attentionOf, byWeight, unclaimed } from './attention.ts';
import { readable } from './changes.ts';
import { buildGraph, type GraphQuery } from './graph.ts';
import { isThere, MAX_SYSTEMS } from './model.ts';
import type { InventoryDeps } from './ports.ts';
import type { SystemService } from './service.ts';
import { namesWhom } from './settle.ts';
import type { SystemFilter } from './store.ts';
import { toSummary } from './view.ts';

const MOST_CHOICES = 50;
const MOST_ATTENTION = 1_000;

type Query = z.output<typeof SystemQuery>;
export type ListFilter = Omit<Query, 'cursor' | 'limit'>;

/** Lists, histories and relations of the systems that are there for a viewer. */
export function createSystemReading(
  { directory }: Pick<InventoryDeps, 'directory'>,
  { store, factsFor, attentionFacts, find }: SystemService,
) {
  /** Ids of systems that need any of these kinds of attention. */
  async function needing(viewer: Viewer, filter: SystemFilter, kinds: readonly string[]): Promise<string[]> {
    const all = await store.list(viewer, filter, { limit: MAX_SYSTEMS });
    const facts = await attentionFacts(all);
    return all
      .filter((system) =>
        attentionOf(system, facts).some(({ kind }) => kinds.includes('any') || kinds.includes(kind)),
      )
      .map(({ id }) => id);
  }

  /** A list's filter with what only the facts can tell made into ids. */
  async function settled(viewer: Viewer, { attention, ...filter }: ListFilter): Promise<SystemFilter> {
    if (attention === undefined || attention.length === 0) return filter;
    return { ...filter, ids: await needing(viewer, filter, attention) };
  }

  function placeOf(cursor: string | undefined) {
    if (cursor === undefined) return undefined;
    const match = /^([0-9a-f-]{36})\.(.*)$/s.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (match?.[1] !== undefined && match[2] !== undefined) return { id: match[1], name: match[2] };
    throw new AppError('invalid_input', 'this is no cursor of the list');
  }

  return Object.freeze({
    async list(viewer: Viewer, { cursor, limit, ...query }: Query) {
      const filter = await settled(viewer, query);
      const [rows, total] = await Promise.all([
        store.list(viewer, filter, { after: placeOf(cursor), limit: limit + 1 }),
        store.count(viewer, filter),
      ]);
      const page = rows.slice(0, limit);
      const facts = await attentionFacts(page);
      const items = page.map((system): SystemSummary => toSummary(system, facts, attentionOf(system, facts)));
      const last = page.at(-1);
      const next =
        rows.length > limit && last
          ? Buffer.from(`${last.id}.${await store.orderName(last.id)}`).toString('base64url')
          : null;
      return { items, next, total };
    },

    /** Every system that fits, with the facts to show them: for exports. */
    async everything(viewer: Viewer, query: ListFilter) {
      const systems = await store.list(viewer, await settled(viewer, query), { limit: MAX_SYSTEMS });
      return { systems, facts: await factsFor(systems) };
    },

    async attention(viewer: Viewer): Promise<{ items: Attention[]; total: number }> {
      const systems = await store.list(viewer, {}, { limit: MAX_SYSTEMS });
      const [facts, linked] = await Promise.all([attentionFacts(systems), store.linked()]);
      const strays = viewer.endpoints ? [] : unclaimed(viewer, facts, linked);
      const items = [...systems.flatMap((system) => attentionOf(system, facts)), ...strays].toSorted(
        byWeight,
      );
      return { items: items.slice(0, MOST_ATTENTION), total: items.length };
    },

    async history(
      viewer: Viewer,
      id: string,
      page: { readonly cursor?: string | undefined; readonly limit: number },
    ) {
      const system = await find(viewer, id);
      const rows = await store.changes(id, { cursor: idOf(page.cursor), limit: page.limit + 1 });
      const facts = await factsFor([system]);
      const items = rows.slice(0, page.limit).map((one): SystemChange => readable(viewer, one, facts));
      return { items, next: rows.length > page.limit ? (items.at(-1)?.id ?? null) : null };
    },

    async assessments(
      viewer: Viewer,
      id: string,
      page: { readonly cursor?: string | undefined; readonly limit: number },
    ) {
      await find(viewer, id);
      const rows = await store.assessments(id, { cursor: idOf(page.cursor), limit: page.limit + 1 });
      const items = rows.slice(0, page.limit);
      return { items, next: rows.length > page.limit ? (items.at(-1)?.id ?? null) : null };
    },

    /** People and teams that the caller may name as owners. */
    async owners(caller: Caller, text: string): Promise<SystemOwnerChoice[]> {
      const [people, teams] = await Promise.all([
        directory.search({ ...namesWhom(caller), text, limit: MOST_CHOICES }),
        directory.teams(),
      ]);
      const needle = text.toLowerCase();
      const showsMail = caller.permissions.has('people.read');
      return [
        ...people.map(({ id, name, email }) => ({
          kind: 'person' as const,
          id,
          name,
          email: showsMail ? email : '',
        })),
        ...teams
          .filter((team) => isThere(caller, team.id) && team.name.toLowerCase().includes(needle))
          .slice(0, MOST_CHOICES)
          .map(({ id, name }) => ({ kind: 'team' as const, id, name, email: '' })),
      ];
    },

    /** Systems that are there for the viewer and use one of these models, once for each model. */
    using: (viewer: Viewer, modelIds: readonly string[]) => store.using(viewer, modelIds),

    links: store.links,
    named: store.named,

    async graph(viewer: Viewer, query: GraphQuery): Promise<SystemGraph> {
      const systems = await store.list(viewer, {}, { limit: MAX_SYSTEMS });
      return buildGraph(viewer, systems, await factsFor(systems), query);
    },
  });
}
export type SystemReading = ReturnType<typeof createSystemReading>;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
function idOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined || UUID.test(cursor)) return cursor;
  throw new AppError('invalid_input', 'this is no cursor of the list');
}

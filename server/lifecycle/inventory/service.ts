import { QUESTIONNAIRE_VERSION } from '@bartizan/checks/risk/index.ts';
import type {
  Attention,
  System,
  SystemChange,
  SystemDetail,
  SystemGraph,
  SystemOwnerChoice,
  SystemQuery,
  SystemSummary,
} from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Caller } from '../../reviews/index.ts';
import type { Viewer } from '../sight.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../sql-state.ts';
import { type AttentionFacts, attentionOf, byWeight, unclaimed } from './attention.ts';
import { changesOf, readable } from './changes.ts';
import { type Facts, loadFacts } from './facts.ts';
import { buildGraph, type GraphQuery } from './graph.ts';
import {
  changedMeanwhile,
  DAY_MS,
  dayOf,
  invalid,
  isThere,
  MAX_SYSTEMS,
  type NewSystem,
  noSuchSystem,
  retiredAtOf,
  type StoredSystem,
} from './model.ts';
import type { InventoryDeps } from './ports.ts';
import { namesWhom, settle } from './settle.ts';
import { createSystemStore, type NewChange, type SystemFilter, type Witness } from './store.ts';
import { mayOf, toSummary, toSystem } from './view.ts';

const TRAFFIC_MS = 30 * DAY_MS;
const MOST_CHOICES = 50;
const MOST_ATTENTION = 1_000;

type Query = z.output<typeof SystemQuery>;
export type ListFilter = Omit<Query, 'cursor' | 'limit'>;

/** What a change is called and why it is made. */
export interface Act {
  readonly action: SystemChange['action'];
  readonly note: string;
}

/** What everything of the inventory is built on: reads and writes systems with their history and audit entries. */
export function createSystemService(deps: InventoryDeps) {
  const { database, audit, clock, directory, ports } = deps;
  const store = createSystemStore(database);

  const factsFor = (systems: Parameters<typeof loadFacts>[1]): Promise<Facts> => loadFacts(deps, systems);

  async function attentionFacts(systems: readonly StoredSystem[]): Promise<AttentionFacts> {
    const nowMs = clock.now();
    // Systems that were retired longer ago than that are asked about from then on.
    const retired = systems.flatMap(({ retiredAt, endpointIds }) =>
      retiredAt === null || endpointIds.length === 0 ? [] : [retiredAt],
    );
    const since = Math.max(nowMs - 400 * DAY_MS, Math.min(nowMs - TRAFFIC_MS, ...retired));
    const [facts, traffic] = await Promise.all([factsFor(systems), ports.endpoints.traffic(since)]);
    return { ...facts, traffic, questionnaire: QUESTIONNAIRE_VERSION, nowMs };
  }

  /** The system with this id, when it is there for the viewer. */
  async function find(viewer: Viewer, id: string): Promise<StoredSystem> {
    const stored = await store.find(id);
    if (!stored || !isThere(viewer, stored.teamId)) throw noSuchSystem();
    return stored;
  }

  async function shown(viewer: Viewer, stored: StoredSystem): Promise<System> {
    const facts = await attentionFacts([stored]);
    return toSystem(viewer, stored, facts, attentionOf(stored, facts));
  }

  /** Writes the audit entry of a change in its transaction: which fields, and the values of those that decide. */
  const witness =
    (actor: Caller, key: string): Witness =>
    async (tx, change) => {
      const decisive = ['state', 'teamId', 'owner', 'tier', 'actClass'];
      await audit.record(
        {
          actor,
          action: `systems.${change.action}`,
          subject: `system:${change.systemId}`,
          detail: {
            key,
            revision: change.revision,
            changed: change.changes.map(({ field }) => field),
            values: change.changes.filter(({ field }) => decisive.includes(field)),
            ...(change.note === '' ? {} : { note: change.note.slice(0, 500) }),
          },
        },
        tx,
      );
    };

  const changeOf = (
    actor: Caller,
    before: StoredSystem | null,
    after: StoredSystem,
    act: Act,
  ): NewChange => ({
    id: uuidv7(after.updatedAt),
    systemId: after.id,
    revision: after.revision,
    at: after.updatedAt,
    by: { kind: actor.kind, id: actor.id, name: actor.name },
    action: act.action,
    changes: changesOf(before, after),
    note: act.note,
  });

  function conflictOf(cause: unknown, key: string): unknown {
    if (isUniqueViolation(cause)) {
      return new AppError('conflict', `the key "${key}" is already taken by another system`, {
        hint: 'Choose another key.',
        issues: [{ path: 'key', message: 'already taken' }],
        cause,
      });
    }
    if (!isForeignKeyViolation(cause)) return cause;
    return invalid('the system names a team that does not exist', 'teamId', 'there is no such team');
  }

  /** Makes a system of what is settled, within `db`. */
  async function insert(
    db: Database,
    actor: Caller,
    given: ReturnType<typeof settle>,
    note: string,
  ): Promise<StoredSystem> {
    const now = clock.now();
    const system: StoredSystem = {
      ...given,
      id: uuidv7(now),
      risk: null,
      lastReview: null,
      revision: 1,
      createdAt: now,
      createdBy: actor.name,
      updatedAt: now,
      retiredAt: retiredAtOf(null, given.fields.state, now),
    };
    const change = changeOf(actor, null, system, { action: 'created', note });
    await store.create(db, system, change, witness(actor, given.fields.key));
    return system;
  }

  /**
   * Changes a system within `db` by what `next` makes of it; null leaves it as it is. Throws `not_found` where it is
   * not there for the actor, `conflict` where `revision` is not the stored one.
   */
  async function change(
    db: Database,
    actor: Caller,
    request: {
      readonly id: string;
      readonly revision?: number | undefined;
      readonly act: (before: StoredSystem, after: StoredSystem) => Act;
      readonly next: (before: StoredSystem) => Partial<StoredSystem> | null;
    },
    also?: (tx: Database, after: NewChange) => Promise<void>,
  ): Promise<StoredSystem> {
    let key = '';
    try {
      const after = await store.update(
        db,
        request.id,
        (before) => {
          if (!isThere(actor, before.teamId)) throw noSuchSystem();
          if (request.revision !== undefined && request.revision !== before.revision)
            throw changedMeanwhile();
          const next = request.next(before);
          if (next === null) return null;
          const now = Math.max(clock.now(), before.updatedAt + 1);
          const state = next.fields?.state ?? before.fields.state;
          const after: StoredSystem = {
            ...before,
            ...next,
            revision: before.revision + 1,
            updatedAt: now,
            retiredAt: retiredAtOf(before, state, now),
          };
          key = after.fields.key;
          return { after, change: changeOf(actor, before, after, request.act(before, after)) };
        },
        async (tx, made) => {
          await witness(actor, key)(tx, made);
          await also?.(tx, made);
        },
      );
      if (!after) throw noSuchSystem();
      return after;
    } catch (cause) {
      throw conflictOf(cause, key);
    }
  }

  /** What an edit is called: leaving or entering retirement is more than an update. */
  function actOfEdit(before: StoredSystem, after: StoredSystem): SystemChange['action'] {
    const [was, is] = [before.fields.state === 'retired', after.fields.state === 'retired'];
    return was === is ? 'updated' : is ? 'retired' : 'restored';
  }

  async function demandRoom(adding: number): Promise<void> {
    const count = await store.count({ teams: '*' }, {});
    if (count + adding <= MAX_SYSTEMS) return;
    throw new AppError('conflict', `there can be ${MAX_SYSTEMS.toLocaleString('en')} systems`, {
      hint: 'Describe what belongs together as one system.',
    });
  }

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
    find,
    factsFor,
    insert,
    change,
    shown,
    demandRoom,
    actOfEdit,
    conflictOf,
    store,

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

    async get(caller: Caller, id: string): Promise<SystemDetail> {
      return { ...(await shown(caller, await find(caller, id))), may: mayOf(caller) };
    },

    async create(actor: Caller, input: NewSystem): Promise<System> {
      if (actor.endpoints) {
        throw new AppError('forbidden', 'this key is for certain endpoints and describes no systems');
      }
      await demandRoom(1);
      const facts = await factsFor([partiesOf(input)]);
      const given = settle(actor, input, null, facts);
      try {
        return await shown(actor, await insert(database, actor, given, ''));
      } catch (cause) {
        throw conflictOf(cause, input.key);
      }
    },

    async update(
      actor: Caller,
      id: string,
      input: NewSystem & { readonly revision: number },
    ): Promise<System> {
      const { revision, ...rest } = input;
      const known = await find(actor, id);
      const facts = await factsFor([partiesOf(rest), known]);
      const after = await change(database, actor, {
        id,
        revision,
        act: (before, after) => ({ action: actOfEdit(before, after), note: '' }),
        next: (before) => settle(actor, rest, before, facts),
      });
      return shown(actor, after);
    },

    async retire(actor: Caller, id: string, reason: string): Promise<System> {
      await find(actor, id);
      const after = await change(database, actor, {
        id,
        act: () => ({ action: 'retired', note: reason }),
        next: ({ fields }) => {
          if (fields.state === 'retired') throw new AppError('conflict', 'this system is retired already');
          return { fields: { ...fields, state: 'retired' } };
        },
      });
      return shown(actor, after);
    },

    async review(
      actor: Caller,
      id: string,
      given: { readonly note: string; readonly nextReviewOn?: string | undefined },
    ) {
      await find(actor, id);
      const now = clock.now();
      const { nextReviewOn } = given;
      const [today, furthest] = [dayOf(now), dayOf(now + 1095 * DAY_MS)];
      if (nextReviewOn !== undefined && (nextReviewOn <= today || nextReviewOn > furthest)) {
        throw invalid(
          'the next review cannot be then',
          'nextReviewOn',
          `choose a day after today and up to ${furthest}`,
        );
      }
      const after = await change(database, actor, {
        id,
        act: () => ({ action: 'reviewed', note: given.note }),
        next: ({ fields }) => {
          const next = nextReviewOn ?? dayOf(now + fields.reviewEveryDays * DAY_MS);
          return {
            fields: { ...fields, nextReviewOn: next },
            lastReview: { at: now, by: actor.name, note: given.note, nextReviewOn: next },
          };
        },
      });
      return shown(actor, after);
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

    async graph(viewer: Viewer, query: GraphQuery): Promise<SystemGraph> {
      const systems = await store.list(viewer, {}, { limit: MAX_SYSTEMS });
      return buildGraph(viewer, systems, await factsFor(systems), query);
    },
  });
}
export type SystemService = ReturnType<typeof createSystemService>;

/** Who is named in an input, as facts are looked up for them. */
export function partiesOf({ owner, backupOwner }: Pick<NewSystem, 'owner' | 'backupOwner'>) {
  const stored = (party: NewSystem['owner']) =>
    party?.kind === 'person' ? { kind: 'person' as const, id: party.id, name: '' } : null;
  return { owner: stored(owner), backupOwner: stored(backupOwner) };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
function idOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined || UUID.test(cursor)) return cursor;
  throw new AppError('invalid_input', 'this is no cursor of the list');
}

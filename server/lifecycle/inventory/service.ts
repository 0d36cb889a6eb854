import { QUESTIONNAIRE_VERSION } from '@bartizan/checks/risk/index.ts';
import type { System, SystemChange, SystemDetail } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Caller } from '../../reviews/index.ts';
import type { Viewer } from '../sight.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../sql-state.ts';
import { type AttentionFacts, attentionOf } from './attention.ts';
import { changesOf } from './changes.ts';
import { type Facts, loadFacts } from './facts.ts';
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
import { settle } from './settle.ts';
import { createSystemStore, type NewChange, type Witness } from './store.ts';
import { mayOf, toSystem } from './view.ts';

const TRAFFIC_MS = 30 * DAY_MS;

/** What a change is called and why it is made. */
export interface Act {
  readonly action: SystemChange['action'];
  readonly note: string;
}

/** What everything of the inventory is built on: reads and writes systems with their history and audit entries. */
export function createSystemService(deps: InventoryDeps) {
  const { database, audit, clock, ports } = deps;
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

  return Object.freeze({
    find,
    factsFor,
    attentionFacts,
    insert,
    change,
    shown,
    demandRoom,
    actOfEdit,
    conflictOf,
    store,

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
  });
}
export type SystemService = ReturnType<typeof createSystemService>;

/** Who is named in an input, as facts are looked up for them. */
export function partiesOf({ owner, backupOwner }: Pick<NewSystem, 'owner' | 'backupOwner'>) {
  const stored = (party: NewSystem['owner']) =>
    party?.kind === 'person' ? { kind: 'person' as const, id: party.id, name: '' } : null;
  return { owner: stored(owner), backupOwner: stored(backupOwner) };
}

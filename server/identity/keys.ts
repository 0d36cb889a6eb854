import { type ApiKey, type KeyScope, NO_LIMITS, type SnapshotKey } from '@bartizan/contracts';
import { type Actor, SYSTEM } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { IdentityDeps } from './deps.ts';
import { createSettingsStore } from './federation/settings.ts';
import { createKeyOwners, type Owner } from './key-owners.ts';
import {
  demandChangeable,
  demandEndpoints,
  demandFuture,
  demandLifetime,
  demandNotWider,
  demandOverlap,
  demandOwn,
  demandWithin,
  isThereFor,
  type KeyInput,
  type KeyMaker,
  type KeyViewer,
  shapeOf,
  viewerOf,
} from './key-rules.ts';
import { createKeyStore, type KeyChange, type KeyStore } from './key-store.ts';
import { INVOKE, isLive, type KeyRow, keyReach, overlapEndsAt, toApiKey } from './model.ts';
import type { IdentityDatabase } from './tables.ts';
import { newKey } from './tokens.ts';

export type { KeyMaker } from './key-rules.ts';

export interface KeyChangeInput {
  readonly name?: string | undefined;
  readonly limits?: KeyInput['limits'] | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly owner?: { readonly kind: 'person' | 'service-account'; readonly id: string } | undefined;
}

const BARTIZAN: Owner = Object.freeze({ personId: null, serviceAccountId: null });
const actorOf = ({ kind, id, name }: Actor): Actor => ({ kind, id, name });
const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** A key as gateways get it, with the teams that bound its endpoints. */
export interface GatewayKey extends SnapshotKey {
  /** Only endpoints of these teams and everybody's count, whatever `endpoints` says. */
  readonly teams: ReadonlySet<string> | '*';
}

/** What is named for a service account, or for the demo, was granted on purpose; a person's keys go no further than they. */
const gatewayReach = (row: KeyRow): GatewayKey['teams'] =>
  row.owner_id === null && row.endpoints !== null ? '*' : keyReach(row);

const noSuchKey = () => new AppError('not_found', 'there is no such key');

/** What goes to the gateways of one key: its secret, and the one before while that still works. */
function toGatewayKeys(row: KeyRow, nowMs: number): GatewayKey[] {
  const key: GatewayKey = {
    id: row.id,
    name: row.name,
    hash: row.hash,
    endpoints: row.endpoints ?? '*',
    limits: row.limits,
    expiresAt: row.expires_at?.getTime() ?? null,
    teams: gatewayReach(row),
  };
  const overlap = overlapEndsAt(row, nowMs);
  if (overlap === null || row.previous_hash === null) return [key];
  const ends = Math.min(overlap.getTime(), key.expiresAt ?? Number.POSITIVE_INFINITY);
  return [key, { ...key, hash: row.previous_hash, expiresAt: ends }];
}

export function createKeyService(deps: IdentityDeps) {
  const { db, audit, events, clock, endpointsSeen } = deps;
  const store = createKeyStore(db);
  const { ownerFor, newOwner } = createKeyOwners(db);
  const maxDays = async () => (await createSettingsStore(db).read()).max_key_days;

  /** Throws `not_found` for a key that is not there for the maker as for one that never was. */
  async function demandThere(id: string, maker: KeyMaker): Promise<void> {
    const viewer = viewerOf(maker);
    const row = await store.byId(id);
    if (!row || !isThereFor(row, viewer, await endpointsSeen(viewer))) throw noSuchKey();
  }

  /** Throws `not_found` when a key would be for an endpoint that is not there for its maker. */
  async function demandSeen(endpoints: KeyInput['endpoints'], maker: KeyMaker): Promise<void> {
    if (endpoints === '*') return;
    const seen = await endpointsSeen(viewerOf(maker));
    if (seen === '*' || endpoints.every((id) => seen.has(id))) return;
    throw new AppError('not_found', 'there is no such endpoint', {
      issues: [{ path: 'endpoints', message: 'one of these is not an endpoint' }],
    });
  }

  async function insert(
    input: KeyInput,
    owner: Owner,
    actor: Actor,
  ): Promise<{ key: ApiKey; secret: string }> {
    const { secret, hash, prefix } = newKey();
    const id = uuidv7(clock.now());
    const scopes = [...new Set<KeyScope>(input.scopes)];
    const { name, expiresAt } = input;
    const key = await db.transaction().execute(async (transaction) => {
      const keys = createKeyStore(transaction);
      await keys.add({
        id,
        name,
        hash,
        prefix,
        scopes,
        endpoints: input.endpoints === '*' ? null : [...new Set(input.endpoints)],
        limits: input.limits,
        ownerId: owner.personId,
        serviceAccountId: owner.serviceAccountId,
        at: new Date(clock.now()),
        expiresAt: dateOf(expiresAt),
      });
      const detail = { name, prefix, scopes, endpoints: input.endpoints, expiresAt, owner };
      await audit.record({ actor, action: 'keys.created', subject: `key:${id}`, detail }, transaction);
      const row = await keys.byId(id);
      if (!row) throw new AppError('not_found', 'the owner of the key is gone');
      return toApiKey(row, clock.now());
    });
    events.emit('keys.changed', { reason: 'a key was made' });
    return { key, secret };
  }

  /** Locks the key, checks that `maker` may hand out what it is, and runs the change with its audit entry. */
  async function change(
    id: string,
    maker: KeyMaker,
    run: (
      row: KeyRow,
      keys: KeyStore,
      within: IdentityDatabase,
      own: KeyRow | undefined,
    ) => Promise<{ action: string; detail: object }>,
  ): Promise<ApiKey> {
    const own = maker.kind === 'key' ? await store.byId(maker.id) : undefined;
    if (maker.kind === 'key' && !own) throw new AppError('forbidden', 'this key is gone');
    await demandThere(id, maker);
    const key = await db.transaction().execute(async (transaction) => {
      const keys = createKeyStore(transaction);
      const before = demandChangeable(await keys.byIdLocked(id), clock.now());
      demandWithin(before.scopes, maker);
      if (own) demandNotWider(shapeOf(before), own);
      const { action, detail } = await run(before, keys, transaction, own);
      const after = await keys.byId(id);
      if (!after) throw new AppError('not_found', 'there is no such key');
      if (own) demandNotWider(shapeOf(after), own);
      const entry = { actor: actorOf(maker), action, subject: `key:${id}`, detail: { ...detail } };
      await audit.record(entry, transaction);
      return toApiKey(after, clock.now());
    });
    events.emit('keys.changed', { reason: 'a key was changed' });
    return key;
  }

  return Object.freeze({
    /** Those that are there for the viewer. */
    async list(viewer: KeyViewer): Promise<ApiKey[]> {
      const nowMs = clock.now();
      const seen = await endpointsSeen(viewer);
      const rows = (await store.list()).filter((row) => isThereFor(row, viewer, seen));
      return rows.map((row) => toApiKey(row, nowMs));
    },

    /** Makes a key. Its secret is in this answer and nowhere else. */
    async create(input: KeyInput, maker: KeyMaker): Promise<{ key: ApiKey; secret: string }> {
      demandWithin(input.scopes, maker);
      demandFuture(input.expiresAt, clock.now());
      demandEndpoints(input);
      await demandSeen(input.endpoints, maker);
      demandLifetime(input.expiresAt, await maxDays(), clock.now());
      return insert(input, await ownerFor(maker, input), actorOf(maker));
    },

    /** Makes the key of the demo, which calls one endpoint and nothing else, on Bartizan's own account. */
    createForDemo: (endpointId: string): Promise<{ key: ApiKey; secret: string }> =>
      insert(
        { name: 'demo', scopes: [INVOKE], endpoints: [endpointId], limits: NO_LIMITS, expiresAt: null },
        BARTIZAN,
        SYSTEM,
      ),

    /**
     * Gives a key a new secret, which is in this answer and nowhere else. The old one works until `oldEndsAt`,
     * 30 days at most, or ends at once; one that was still working from an earlier rotation ends at once.
     */
    async rotate(
      id: string,
      input: { oldEndsAt: number; expiresAt?: number | null | undefined },
      maker: KeyMaker,
    ): Promise<{ key: ApiKey; secret: string }> {
      const nowMs = clock.now();
      const { oldEndsAt, expiresAt } = input;
      demandOverlap(oldEndsAt, nowMs);
      const most = expiresAt === undefined ? null : await maxDays();
      const { secret, hash, prefix } = newKey();
      const key = await change(id, maker, async (before, keys, _, own) => {
        demandOwn(before, maker, own);
        if (expiresAt !== undefined) {
          demandFuture(expiresAt, nowMs);
          demandLifetime(expiresAt, most, nowMs);
          await keys.update(id, { expiresAt: dateOf(expiresAt) });
        }
        const ends = oldEndsAt > nowMs ? oldEndsAt : null;
        await keys.rotate(id, { hash, prefix }, new Date(nowMs), dateOf(ends));
        const detail = { prefix, oldPrefix: before.prefix, oldEndsAt: ends, expiresAt };
        return { action: 'keys.rotated', detail };
      });
      return { key, secret };
    },

    /** Changes name, limits, expiry or owner. A key never changes itself. */
    async update(id: string, input: KeyChangeInput, maker: KeyMaker): Promise<ApiKey> {
      if (maker.kind === 'key' && maker.id === id)
        throw new AppError('forbidden', 'a key cannot change itself; it can rotate itself');
      const { name, limits, expiresAt } = input;
      const most = expiresAt === undefined ? null : await maxDays();
      return change(id, maker, async (before, keys, within) => {
        if (expiresAt !== undefined) {
          demandFuture(expiresAt, clock.now());
          demandLifetime(expiresAt, most, clock.now());
        }
        const owner = input.owner && (await newOwner(within, input.owner, maker, before));
        const next: KeyChange = {
          ...(name === undefined ? {} : { name }),
          ...(limits === undefined ? {} : { limits }),
          ...(expiresAt === undefined ? {} : { expiresAt: dateOf(expiresAt) }),
          ...(owner === undefined ? {} : { owner }),
        };
        await keys.update(id, next);
        const was = { name: before.name, limits: before.limits, owner: before.owner_name };
        return {
          action: 'keys.changed',
          detail: { name, limits, expiresAt, owner: input.owner, before: was },
        };
      });
    },

    async revoke(id: string, by: KeyMaker): Promise<void> {
      await demandThere(id, by);
      await db.transaction().execute(async (transaction) => {
        const keys = createKeyStore(transaction);
        if (!(await keys.byId(id))) throw noSuchKey();
        if (!(await keys.revoke(id, new Date(clock.now())))) return;
        await audit.record(
          { actor: actorOf(by), action: 'keys.revoked', subject: `key:${id}`, detail: {} },
          transaction,
        );
      });
      events.emit('keys.changed', { reason: 'a key was revoked' });
    },

    /** The key with this hash, if it is good now. */
    async live(hash: string): Promise<KeyRow | null> {
      const row = await store.byHash(hash, new Date(clock.now()));
      return row && isLive(row, clock.now()) ? row : null;
    },

    /** Whether a key with this hash is good, was revoked or expired, or never was. */
    async state(hash: string): Promise<'live' | 'ended' | 'unknown'> {
      const row = await store.byHash(hash, new Date(clock.now()));
      if (!row) return 'unknown';
      return isLive(row, clock.now()) ? 'live' : 'ended';
    },

    /** Keys that may call endpoints, for the gateways' snapshot; two entries while a rotation overlaps. */
    async forGateways(): Promise<GatewayKey[]> {
      const nowMs = clock.now();
      const rows = await store.invoking(new Date(nowMs));
      return rows.flatMap((row) => toGatewayKeys(row, nowMs));
    },

    /** Notes that keys were used; unknown ids are ignored. `atMs` is in milliseconds since the epoch. */
    touch: (ids: readonly string[], atMs: number): Promise<void> => store.touch(ids, new Date(atMs)),
  });
}
export type KeyService = ReturnType<typeof createKeyService>;

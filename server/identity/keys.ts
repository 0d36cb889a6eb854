import {
  type ApiKey,
  type ApiKeyInput,
  type KeyScope,
  NO_LIMITS,
  type Permission,
  type SnapshotKey,
} from '@bartizan/contracts';
import type { z } from 'zod';
import { type Actor, SYSTEM } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { IdentityDeps } from './deps.ts';
import { createKeyStore } from './key-store.ts';
import { INVOKE, isLive, type KeyRow, toApiKey } from './model.ts';
import { newKey } from './tokens.ts';

type KeyInput = z.output<typeof ApiKeyInput>;

/** Who makes a key: a person, or a key with `keys.manage`, which acts for its owner. */
export interface KeyMaker extends Actor {
  readonly permissions: ReadonlySet<Permission>;
}

const wider = (what: string, hint?: string) =>
  new AppError('forbidden', `a key cannot give more than its maker has: ${what}`, hint ? { hint } : {});

/** What is made with a key is never wider than that key. */
function demandNotWider(input: KeyInput, maker: KeyRow): void {
  if (input.scopes.includes(INVOKE) && !maker.scopes.includes(INVOKE)) throw wider(INVOKE);
  const allowed = maker.endpoints;
  if (allowed !== null) {
    if (input.endpoints === '*' || input.endpoints.some((id) => !allowed.includes(id)))
      throw wider('endpoints');
  }
  if (maker.expires_at === null) return;
  if (input.expiresAt === null || input.expiresAt > maker.expires_at.getTime()) {
    const until = maker.expires_at.toISOString().slice(0, 16);
    throw wider(
      'expiry',
      `This key ends ${until} UTC: ask for an earlier expiry, or make the key in the console.`,
    );
  }
}

export function createKeyService(deps: IdentityDeps) {
  const { db, audit, events, clock } = deps;
  const store = createKeyStore(db);

  /** The person whom the new key belongs to. */
  async function ownerFor(maker: KeyMaker, input: KeyInput): Promise<string | null> {
    if (maker.kind === 'person') return maker.id;
    const own = maker.kind === 'key' ? await store.byId(maker.id) : undefined;
    if (!own) throw new AppError('forbidden', 'only people and their keys can make keys');
    demandNotWider(input, own);
    return own.owner_id;
  }

  function demandSound(input: KeyInput, maker: KeyMaker): void {
    const beyond = input.scopes.find((scope) => scope !== INVOKE && !maker.permissions.has(scope));
    if (beyond) throw wider(beyond);
    if (input.expiresAt !== null && input.expiresAt <= clock.now()) {
      throw new AppError('invalid_input', 'the expiry is in the past', {
        issues: [{ path: 'expiresAt', message: 'choose a time in the future' }],
      });
    }
    if (input.scopes.includes(INVOKE) && input.endpoints !== '*' && input.endpoints.length === 0) {
      throw new AppError('invalid_input', 'a key that calls endpoints needs at least one', {
        issues: [{ path: 'endpoints', message: 'choose endpoints, or all of them' }],
      });
    }
  }

  async function insert(
    input: KeyInput,
    ownerId: string | null,
    actor: Actor,
  ): Promise<{ key: ApiKey; secret: string }> {
    const { secret, hash, prefix } = newKey();
    const id = uuidv7(clock.now());
    const scopes = [...new Set<KeyScope>(input.scopes)];
    const key = await db.transaction().execute(async (transaction) => {
      const keys = createKeyStore(transaction);
      await keys.add({
        id,
        name: input.name,
        hash,
        prefix,
        scopes,
        endpoints: input.endpoints === '*' ? null : [...new Set(input.endpoints)],
        limits: input.limits,
        ownerId,
        at: new Date(clock.now()),
        expiresAt: input.expiresAt === null ? null : new Date(input.expiresAt),
      });
      const detail = {
        name: input.name,
        prefix,
        scopes,
        endpoints: input.endpoints,
        expiresAt: input.expiresAt,
      };
      await audit.record({ actor, action: 'keys.created', subject: `key:${id}`, detail }, transaction);
      const row = await keys.byId(id);
      if (!row) throw new AppError('not_found', 'the owner of the key is gone');
      return toApiKey(row);
    });
    events.emit('keys.changed', { reason: 'a key was made' });
    return { key, secret };
  }

  return Object.freeze({
    async list(): Promise<ApiKey[]> {
      return (await store.list()).map(toApiKey);
    },

    /** Makes a key. Its secret is in this answer and nowhere else. */
    async create(input: KeyInput, maker: KeyMaker): Promise<{ key: ApiKey; secret: string }> {
      demandSound(input, maker);
      const ownerId = await ownerFor(maker, input);
      return insert(input, ownerId, { kind: maker.kind, id: maker.id, name: maker.name });
    },

    /** Makes the key of the demo, which calls one endpoint and nothing else, on Bartizan's own account. */
    createForDemo: (endpointId: string): Promise<{ key: ApiKey; secret: string }> =>
      insert(
        { name: 'demo', scopes: [INVOKE], endpoints: [endpointId], limits: NO_LIMITS, expiresAt: null },
        null,
        SYSTEM,
      ),

    async revoke(id: string, by: Actor): Promise<void> {
      await db.transaction().execute(async (transaction) => {
        const keys = createKeyStore(transaction);
        if (!(await keys.byId(id))) throw new AppError('not_found', 'there is no such key');
        if (!(await keys.revoke(id, new Date(clock.now())))) return;
        await audit.record(
          { actor: by, action: 'keys.revoked', subject: `key:${id}`, detail: {} },
          transaction,
        );
      });
      events.emit('keys.changed', { reason: 'a key was revoked' });
    },

    /** The key with this hash, if it is good now. */
    async live(hash: string): Promise<KeyRow | null> {
      const row = await store.byHash(hash);
      return row && isLive(row, clock.now()) ? row : null;
    },

    /** Whether a key with this hash is good, was revoked or expired, or never was. */
    async state(hash: string): Promise<'live' | 'ended' | 'unknown'> {
      const row = await store.byHash(hash);
      if (!row) return 'unknown';
      return isLive(row, clock.now()) ? 'live' : 'ended';
    },

    /** Keys that may call endpoints, for the gateways' snapshot. */
    async forGateways(): Promise<SnapshotKey[]> {
      const rows = await store.invoking(new Date(clock.now()));
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        hash: row.hash,
        endpoints: row.endpoints ?? '*',
        limits: row.limits,
        expiresAt: row.expires_at?.getTime() ?? null,
      }));
    },

    /** Notes that keys were used; unknown ids are ignored. `atMs` is in milliseconds since the epoch. */
    touch: (ids: readonly string[], atMs: number): Promise<void> => store.touch(ids, new Date(atMs)),
  });
}
export type KeyService = ReturnType<typeof createKeyService>;

import type { ScimToken } from '@bartizan/contracts';
import type { Actor } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { IdentityDeps } from '../../deps.ts';
import { hashToken, newToken } from '../../tokens.ts';

/** What provisioning tokens begin with: never what an API key begins with. */
export const SCIM_PREFIX = 'bzs_';
const SHOWN = SCIM_PREFIX.length + 5;

const COLUMNS = [
  'id',
  'name',
  'prefix',
  'created_by',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
] as const;

interface Row {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

const toToken = (row: Row): ScimToken => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  createdAt: row.created_at.getTime(),
  createdBy: row.created_by,
  expiresAt: row.expires_at?.getTime() ?? null,
  lastUsedAt: row.last_used_at?.getTime() ?? null,
  revokedAt: row.revoked_at?.getTime() ?? null,
});

/** Bearer tokens with which a directory provisions, and nothing else; kept as hashes. */
export function createScimTokens({ db, audit, clock }: Pick<IdentityDeps, 'db' | 'audit' | 'clock'>) {
  return Object.freeze({
    async list(): Promise<ScimToken[]> {
      const rows = await db
        .selectFrom('scim_tokens')
        .select(COLUMNS)
        .orderBy('created_at', 'desc')
        .limit(1_000)
        .execute();
      return rows.map(toToken);
    },

    /** The secret is in this answer and nowhere else. */
    async add(input: { name: string; expiresAt: number | null }, by: Actor) {
      if (input.expiresAt !== null && input.expiresAt <= clock.now()) {
        throw new AppError('invalid_input', 'the expiry is in the past', {
          issues: [{ path: 'expiresAt', message: 'choose a time in the future' }],
        });
      }
      const secret = SCIM_PREFIX + newToken();
      const row = {
        id: uuidv7(clock.now()),
        name: input.name,
        prefix: secret.slice(0, SHOWN),
        created_by: by.name,
        created_at: new Date(clock.now()),
        expires_at: input.expiresAt === null ? null : new Date(input.expiresAt),
      };
      await db.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('scim_tokens')
          .values({ ...row, hash: hashToken(secret) })
          .execute();
        const detail = { name: row.name, prefix: row.prefix, expiresAt: input.expiresAt };
        const entry = { actor: by, action: 'scim.token-created', subject: `scim-token:${row.id}`, detail };
        await audit.record(entry, transaction);
      });
      return { token: toToken({ ...row, last_used_at: null, revoked_at: null }), secret };
    },

    async revoke(id: string, by: Actor): Promise<void> {
      await db.transaction().execute(async (transaction) => {
        const known = await transaction
          .selectFrom('scim_tokens')
          .select('id')
          .where('id', '=', id)
          .executeTakeFirst();
        if (!known) throw new AppError('not_found', 'there is no such token');
        const { numUpdatedRows } = await transaction
          .updateTable('scim_tokens')
          .set({ revoked_at: new Date(clock.now()) })
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) return;
        const entry = { actor: by, action: 'scim.token-revoked', subject: `scim-token:${id}`, detail: {} };
        await audit.record(entry, transaction);
      });
    },

    /** The token with this hash, if it is good now. */
    async live(hash: string): Promise<{ id: string; name: string } | null> {
      const now = new Date(clock.now());
      const row = await db
        .selectFrom('scim_tokens')
        .select(['id', 'name'])
        .where('hash', '=', hash)
        .where('revoked_at', 'is', null)
        .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .executeTakeFirst();
      return row ?? null;
    },

    async touch(id: string, at: Date): Promise<void> {
      await db.updateTable('scim_tokens').set({ last_used_at: at }).where('id', '=', id).execute();
    },
  });
}
export type ScimTokens = ReturnType<typeof createScimTokens>;

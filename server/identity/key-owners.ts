import type { KeyScope } from '@bartizan/contracts';
import { AppError } from '../kernel/error.ts';
import { createServiceAccountStore } from './federation/service-account-store.ts';
import { demandInAccount, demandNotWider, type KeyInput, type KeyMaker } from './key-rules.ts';
import { createKeyStore } from './key-store.ts';
import type { KeyRow } from './model.ts';
import type { IdentityDatabase } from './tables.ts';

/** Whom a key belongs to; neither is Bartizan itself. */
export interface Owner {
  readonly personId: string | null;
  readonly serviceAccountId: string | null;
}

/** Tells whom keys belong to, and refuses owners that the maker may not name. */
export function createKeyOwners(db: IdentityDatabase) {
  const store = createKeyStore(db);

  /** A service account that can take keys; `not_found` where the caller has nothing to do with its team. */
  async function accountFor(within: IdentityDatabase, id: string, maker: KeyMaker, scopes: KeyScope[]) {
    const account = await createServiceAccountStore(within).byId(id);
    const team = account?.team_id ?? null;
    if (!account || (team !== null && maker.teams !== '*' && !maker.teams?.has(team)))
      throw new AppError('not_found', 'there is no such service account');
    if (account.disabled) throw new AppError('conflict', 'this service account is disabled');
    demandInAccount(scopes, account.roles);
    return account;
  }

  /** Whom the new key belongs to: the caller, what the caller's key belongs to, or a service account. */
  async function ownerFor(maker: KeyMaker, input: KeyInput): Promise<Owner> {
    const own = maker.kind === 'key' ? await store.byId(maker.id) : undefined;
    if (maker.kind !== 'person' && !own)
      throw new AppError('forbidden', 'only people and their keys can make keys');
    if (own) demandNotWider(input, own);
    const wanted = input.serviceAccountId;
    const account = own?.service_account_id ?? null;
    if (account !== null && wanted !== undefined && wanted !== account)
      throw new AppError('forbidden', 'a key of a service account makes keys for that account only');
    if (wanted !== undefined) {
      await accountFor(db, wanted, maker, input.scopes);
      return { personId: null, serviceAccountId: wanted };
    }
    return own
      ? { personId: own.owner_id, serviceAccountId: own.service_account_id }
      : { personId: maker.id, serviceAccountId: null };
  }

  /** The one that a key is handed over to. */
  async function newOwner(
    within: IdentityDatabase,
    owner: { readonly kind: 'person' | 'service-account'; readonly id: string },
    maker: KeyMaker,
    row: KeyRow,
  ): Promise<Owner> {
    if (maker.kind !== 'person') throw new AppError('forbidden', 'only people hand keys over');
    if (owner.kind === 'service-account') {
      const account = await accountFor(within, owner.id, maker, row.scopes);
      return { personId: null, serviceAccountId: account.id };
    }
    if (owner.id === row.owner_id) return { personId: owner.id, serviceAccountId: null };
    throw new AppError(
      'conflict',
      'a key is not handed to a person: whoever holds its secret could act as them',
      {
        hint: 'They make a key of their own, or hand this one to a service account.',
      },
    );
  }

  return Object.freeze({ ownerFor, newOwner });
}

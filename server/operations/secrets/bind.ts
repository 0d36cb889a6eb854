import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { upstreamKeyContext } from '@bartizan/contracts/upstream-key.ts';
import { sql } from 'kysely';
import { type AuditLog, SYSTEM } from '../../audit/index.ts';
import { clientSecretContext } from '../../identity/index.ts';
import { sinkSecretsContext } from '../../lifecycle/index.ts';
import type { Database } from '../../platform/database/index.ts';

/** A stored secret with the context that it had before, and the one that names its destination. */
interface Bound {
  readonly subject: string;
  readonly table: 'endpoint_upstreams' | 'sinks' | 'sso_providers';
  readonly column: 'sealed_api_key' | 'sealed_secrets' | 'client_secret';
  readonly id: string;
  readonly sealed: string;
  readonly before: string;
  readonly after: string;
}

interface Row<Settings> {
  readonly id: string;
  readonly sealed: string;
  readonly settings: Settings;
}

async function rowsOf<Settings>(tx: Database, table: Bound['table'], column: Bound['column']) {
  const { rows } = await sql<Row<Settings>>`select id::text as id, ${sql.ref(column)} as sealed, settings
    from ${sql.table(table)} where ${sql.ref(column)} is not null order by id for update`.execute(tx);
  return rows;
}

async function stored(tx: Database): Promise<Bound[]> {
  type Upstream = Omit<Parameters<typeof upstreamKeyContext>[0], 'id'>;
  type Sink = { readonly target: Parameters<typeof sinkSecretsContext>[1] };
  const upstreams = await rowsOf<Upstream>(tx, 'endpoint_upstreams', 'sealed_api_key');
  const sinks = await rowsOf<Sink>(tx, 'sinks', 'sealed_secrets');
  const providers = await rowsOf<{ readonly issuer: string }>(tx, 'sso_providers', 'client_secret');
  return [
    ...upstreams.map(
      ({ id, sealed, settings }): Bound => ({
        subject: `upstream:${id}`,
        table: 'endpoint_upstreams',
        column: 'sealed_api_key',
        id,
        sealed,
        before: `upstream:${id}`,
        after: upstreamKeyContext({ ...settings, id }),
      }),
    ),
    ...sinks.map(
      ({ id, sealed, settings }): Bound => ({
        subject: `sink:${id}`,
        table: 'sinks',
        column: 'sealed_secrets',
        id,
        sealed,
        before: `sink:${id}`,
        after: sinkSecretsContext(id, settings.target),
      }),
    ),
    ...providers.map(
      ({ id, sealed, settings }): Bound => ({
        subject: `sso-provider:${id}`,
        table: 'sso_providers',
        column: 'client_secret',
        id,
        sealed,
        before: `sso-provider:${id}`,
        after: clientSecretContext(id, settings.issuer),
      }),
    ),
  ];
}

/** Any fixed number: names the lock under which one server does this. */
const LOCK = 4_203_318_077;
/** Destinations that the entry of the audit log names. */
const MAX_NAMED = 200;
const ACTION = 'secrets.bound-to-destination';

const opens = (master: MasterKey, sealed: string, context: string): string | null => {
  try {
    return unseal(master, sealed, context);
  } catch {
    return null;
  }
};

export interface BindDeps {
  readonly database: Database;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly masterKey: MasterKey;
}

/**
 * Seals the secrets of a database from before they named their destination anew, with it: once in the life of an
 * instance. That it was done stands in the audit log, with every destination, so that it cannot be had again
 * without breaking the log; from then on a secret whose destination was changed by hand does not open. What does
 * not open under the old context either is left as it is. Answers how many were sealed anew, or null when it had
 * been done before.
 */
export async function bindSecrets({ database, audit, masterKey }: BindDeps): Promise<number | null> {
  return await database.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
    const { rows } = await sql`select 1 from audit_entries
      where action = ${ACTION} and actor_kind = ${SYSTEM.kind} limit 1`.execute(tx);
    if (rows.length > 0) return null;
    const destinations: Record<string, string> = {};
    for (const { subject, table, column, id, sealed, before, after } of await stored(tx)) {
      const plain = opens(masterKey, sealed, before);
      if (plain === null) continue;
      await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${seal(masterKey, plain, after)}
        where id::text = ${id}`.execute(tx);
      destinations[subject] = after;
    }
    const all = Object.entries(destinations);
    const detail = { sealed: all.length, destinations: Object.fromEntries(all.slice(0, MAX_NAMED)) };
    await audit.record({ actor: SYSTEM, action: ACTION, subject: 'instance', detail }, tx);
    return detail.sealed;
  });
}

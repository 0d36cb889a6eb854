import { randomBytes, randomUUID } from 'node:crypto';
import { masterKeyFromHex, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { upstreamKeyContext } from '@bartizan/contracts/upstream-key.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuditLog } from '../../audit/index.ts';
import { clientSecretContext } from '../../identity/index.ts';
import { sinkSecretsContext } from '../../lifecycle/index.ts';
import { allMigrations } from '../../migrations.ts';
import type { OpenDatabase } from '../../platform/database/index.ts';
import { withTestDatabase } from '../../platform/database/testing.ts';
import { bindSecrets } from './bind.ts';

const master = masterKeyFromHex(randomBytes(32).toString('hex'));
const ids = { upstream: randomUUID(), foreign: randomUUID(), sink: randomUUID(), provider: randomUUID() };
const upstream = { provider: 'openai', baseUrl: 'https://api.example.com/v1' } as const;
const target = { type: 'splunk-hec', url: 'https://splunk.example.com:8088/services' };
const issuer = 'https://login.example.com';

let open: OpenDatabase;
let bind: () => Promise<number | null>;

const sealedOf = async (table: string, column: string, id: string): Promise<string> =>
  (await open.pool.query(`select ${column} as sealed from ${table} where id = $1`, [id])).rows[0].sealed;

beforeAll(async () => {
  open = await withTestDatabase(allMigrations);
  const audit = createAuditLog({ database: open.database, clock: { now: Date.now }, masterKey: master });
  bind = () => bindSecrets({ database: open.database, audit, masterKey: master });
  const now = Date.now();
  const endpoint = randomUUID();
  await open.pool.query(
    `insert into endpoints (id, slug, name, description, enabled, demo, settings, created_at, updated_at)
     values ($1, 'old', 'Old', '', true, false, '{}', $2, $2)`,
    [endpoint, now],
  );
  for (const [id, context] of [
    [ids.upstream, `upstream:${ids.upstream}`],
    [ids.foreign, 'upstream:another'],
  ]) {
    await open.pool.query(
      `insert into endpoint_upstreams (id, endpoint_id, position, settings, sealed_api_key, api_key_hint)
       values ($1, $2, $3, $4, $5, '')`,
      [id, endpoint, id === ids.upstream ? 0 : 1, upstream, seal(master, 'sk-old', context as string)],
    );
  }
  await open.pool.query(
    `insert into sinks (id, name, settings, sealed_secrets, paused, created_at, updated_at)
     values ($1, 'Old', $2, $3, false, $4, $4)`,
    [ids.sink, { target }, seal(master, '{"token":"t"}', `sink:${ids.sink}`), now],
  );
  await open.pool.query(
    `insert into sso_providers (id, settings, client_secret, created_at, updated_at)
     values ($1, $2, $3, now(), now())`,
    [ids.provider, { issuer }, seal(master, 'client', `sso-provider:${ids.provider}`)],
  );
});
afterAll(() => open?.close());

test('old secrets are sealed anew with their destination, and only for it', async () => {
  expect(await bind()).toBe(3);
  const key = await sealedOf('endpoint_upstreams', 'sealed_api_key', ids.upstream);
  expect(unseal(master, key, upstreamKeyContext({ ...upstream, id: ids.upstream }))).toBe('sk-old');
  const elsewhere = { ...upstream, baseUrl: 'https://evil.example/v1', id: ids.upstream };
  expect(() => unseal(master, key, upstreamKeyContext(elsewhere))).toThrow('does not open');
  const sink = await sealedOf('sinks', 'sealed_secrets', ids.sink);
  expect(unseal(master, sink, sinkSecretsContext(ids.sink, target as never))).toBe('{"token":"t"}');
  const provider = await sealedOf('sso_providers', 'client_secret', ids.provider);
  expect(unseal(master, provider, clientSecretContext(ids.provider, issuer))).toBe('client');
});

test('what does not open is left as it is', async () => {
  const foreign = await sealedOf('endpoint_upstreams', 'sealed_api_key', ids.foreign);
  expect(unseal(master, foreign, 'upstream:another')).toBe('sk-old');
});

test('it is done once: a secret from before that is put back later is not taken over', async () => {
  const old = seal(master, 'sk-old', `upstream:${ids.upstream}`);
  await open.pool.query('update endpoint_upstreams set sealed_api_key = $1, settings = $2 where id = $3', [
    old,
    { ...upstream, baseUrl: 'https://evil.example/v1' },
    ids.upstream,
  ]);
  expect(await bind()).toBeNull();
  expect(await sealedOf('endpoint_upstreams', 'sealed_api_key', ids.upstream)).toBe(old);
});

test('the audit log says what was bound to where', async () => {
  const { rows } = await open.pool.query(
    "select detail from audit_entries where action = 'secrets.bound-to-destination'",
  );
  expect(rows).toEqual([
    {
      detail: {
        sealed: 3,
        destinations: expect.objectContaining({
          [`upstream:${ids.upstream}`]: `upstream-key:${ids.upstream}:openai:https://api.example.com`,
        }),
      },
    },
  ]);
});

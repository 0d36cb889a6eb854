import { existsSync, readdirSync, statSync } from 'node:fs';
import { connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { type Check, fail, ok, type Subject, skipped, warn } from '../types.ts';
import { onTable, readText } from './looking.ts';

const SILENT_MS = 60_000;
const BACKLOG = 10_000;
const TIMEOUT_MS = 5_000;
const SKEW_MS = 5_000;

const gateways: Check = {
  id: 'gateways.alive',
  title: 'Gateways',
  run: onTable('gateways', async (database, { nowMs }) => {
    const { rows } = await database.query<{
      id: string;
      seen: number;
      backlog: number;
      version: string | null;
    }>(
      `select id, last_seen_at::float8 as seen, backlog, to_jsonb(g)->'about'->>'version' as version
       from gateways g order by id limit 500`,
    );
    if (rows.length === 0)
      return warn('none has ever asked for a configuration', 'Start one: bartizan gateway');
    const silent = rows.filter(({ seen }) => nowMs() - seen > SILENT_MS).map(({ id }) => id);
    const full = rows
      .filter(({ backlog }) => backlog > BACKLOG)
      .map(({ id, backlog }) => `${id} (${backlog})`);
    const versions = new Set(
      rows.filter(({ seen }) => nowMs() - seen <= SILENT_MS).map(({ version }) => version),
    );
    if (silent.length === rows.length)
      return fail(
        `not heard of for a minute: ${silent.join(', ')}`,
        'See that they run and reach the server.',
      );
    if (full.length > 0)
      return warn(
        `behind with what they served: ${full.join(', ')}`,
        'The server or the database is too slow for them.',
      );
    if (silent.length > 0)
      return warn(`not heard of for a minute: ${silent.join(', ')}`, 'See that they run, or forget them.');
    return versions.size > 1
      ? warn(`of different versions: ${[...versions].join(', ')}`, 'Finish the upgrade.')
      : ok(`${rows.length} heard of within a minute`);
  }),
};

const journal: Check = {
  id: 'gateways.journal',
  title: 'Journal',
  run({ dataDir }) {
    const root = join(dataDir, 'journal');
    if (!existsSync(root)) return skipped('no gateway keeps one here');
    let bytes = 0;
    let rejected = 0;
    for (const item of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!item.isFile()) continue;
      bytes += statSync(join(item.parentPath, item.name), { throwIfNoEntry: false })?.size ?? 0;
      if (item.parentPath.endsWith('rejected')) rejected += 1;
    }
    if (rejected > 0) {
      return warn(
        `${rejected} interaction(s) were refused by the server and lie in ${root}/*/rejected`,
        'The log of the gateway says why. They are kept until you remove them.',
      );
    }
    return bytes > 256 * 1024 * 1024
      ? warn(
          `${Math.round(bytes / 1e6)} MB wait to be stored`,
          'See that the server answers and the database keeps up.',
        )
      : ok(`${Math.round(bytes / 1e6)} MB`);
  },
};

const snapshot: Check = {
  id: 'gateways.configuration',
  title: 'Kept configuration',
  run({ dataDir, nowMs }) {
    const file = join(dataDir, 'gateway', 'snapshot.bin');
    if (!existsSync(join(dataDir, 'gateway'))) return skipped('no gateway keeps one here');
    const written = statSync(file, { throwIfNoEntry: false });
    if (!written) {
      return warn('there is none', 'A gateway that starts without its server has nothing to serve by.');
    }
    return ok(`written ${Math.max(0, Math.round((nowMs() - written.mtimeMs) / 60_000))} minutes ago`);
  },
};

const server: Check = {
  id: 'server.reachable',
  title: 'Server',
  async run({ env, running, nowMs }) {
    const list = (env.BARTIZAN_SERVER_URL || running?.server || '')
      .split(',')
      .map((url) => url.trim())
      .filter(Boolean);
    if (list.length === 0)
      return skipped('none runs on this data directory, and BARTIZAN_SERVER_URL is not set');
    for (const base of list) {
      const before = nowMs();
      const answer = await fetch(new URL('/readyz', base), {
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'manual',
      }).catch((error: Error) => error);
      if (answer instanceof Error) {
        const cause = answer.cause instanceof Error ? answer.cause.message : answer.message;
        return fail(
          `${base} cannot be reached: ${cause}`,
          'Look at its log, the address, and the network policies between.',
        );
      }
      if (!answer.ok)
        return fail(`${base} answers ${answer.status}`, 'It runs, but its database does not answer.');
      const said = Date.parse(answer.headers.get('date') ?? '');
      const off = Math.abs(said - (before + nowMs()) / 2);
      if (off > SKEW_MS + 1000)
        return warn(`the clock of ${base} is ${Math.round(off / 1000)} s off`, 'Set both machines by NTP.');
    }
    return ok(`${list.join(', ')} ready`);
  },
};

const redis: Check = {
  id: 'redis.reachable',
  title: 'Redis or Valkey',
  async run(subject) {
    const given = redisUrl(subject);
    if (given === null)
      return skipped('BARTIZAN_REDIS_URL is not set: each gateway counts limits for itself');
    const url = URL.parse(given);
    if (!url || !/^rediss?:$/.test(url.protocol))
      return fail('BARTIZAN_REDIS_URL is no redis:// address', 'Set it to redis://:PASSWORD@HOST:6379/0');
    const where = `${url.hostname}:${url.port || 6379}`;
    try {
      const policy = await evictionPolicy(url);
      if (policy === null) return ok(`${where} answers; it does not tell its eviction policy`);
      return policy === 'noeviction' || policy.startsWith('volatile-ttl')
        ? ok(`${where} answers (${policy})`)
        : warn(
            `${where} may throw counters away (maxmemory-policy ${policy})`,
            'Set maxmemory-policy noeviction: a limit whose counter is gone begins anew.',
          );
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'no answer';
      return fail(`${where}: ${reason}`, 'See that it runs, and that address and password are right.');
    }
  },
};

function redisUrl({ env }: Subject): string | null {
  if (env.BARTIZAN_REDIS_URL) return env.BARTIZAN_REDIS_URL;
  const file = env.BARTIZAN_REDIS_URL_FILE;
  return file ? readText(file) : null;
}

/** PING, then CONFIG GET, in the protocol's array form (RESP2). Rejects with the server's error. */
async function evictionPolicy(url: URL): Promise<string | null> {
  const encode = (...words: string[]) =>
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  const password = decodeURIComponent(url.password);
  const user = decodeURIComponent(url.username);
  const login = password ? encode('AUTH', ...(user ? [user] : []), password) : '';
  const text = await exchange(
    url,
    `${login}${encode('PING')}${encode('CONFIG', 'GET', 'maxmemory-policy')}${encode('QUIT')}`,
  );
  const refused = /^-(NOAUTH|WRONGPASS|ERR invalid password)[^\r]*/m.exec(text);
  if (refused) throw new Error('it refuses the password');
  if (!text.includes('+PONG')) throw new Error('it does not speak as Redis does');
  return /maxmemory-policy\r\n\$\d+\r\n([a-z-]+)\r\n/.exec(text)?.[1] ?? null;
}

function exchange(url: URL, request: string): Promise<string> {
  const to = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) };
  return new Promise((settle, reject) => {
    const socket = url.protocol === 'rediss:' ? tlsConnect({ ...to, servername: to.host }) : tcpConnect(to);
    let text = '';
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(0, 65_536);
    });
    socket.once('error', reject);
    socket.once('close', () => settle(text));
    socket.write(request);
  });
}

const keys: Check = {
  id: 'keys.expiry',
  title: 'API keys',
  run: onTable('api_keys', async (database) => {
    const { rows } = await database.query<{ expired: number; soon: number; never: number }>(
      `select count(*) filter (where expires_at <= now())::integer as expired,
         count(*) filter (where expires_at > now() and expires_at < now() + interval '7 days')::integer as soon,
         count(*) filter (where expires_at is null)::integer as never
       from api_keys where revoked_at is null`,
    );
    const [{ expired = 0, soon = 0, never = 0 } = {}] = rows;
    if (soon > 0) return warn(`${soon} end within a week`, 'Rotate them before their applications stop.');
    return ok(`${expired} ended, none ends within a week, ${never} never end`);
  }),
};

export const instanceChecks: readonly Check[] = [server, redis, gateways, journal, snapshot, keys];

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { demandModelFolder } from '@bartizan/checks/text/injection/model/named.ts';
import { type MasterKey, masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { z } from 'zod';

/** What a gateway process needs to know to start. */
export interface GatewayConfig {
  /** Journal, kept snapshot and budgets live below it. */
  readonly dataDir: string;
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** Address of the server that gives snapshots and takes interactions; of several, separated by commas. */
  readonly serverUrl: string;
  /** Address of the demo assistant; null when there is none. */
  readonly demoUrl: string | null;
  readonly master: MasterKey;
  readonly internalToken: string;
  /** Names this gateway and its journal; letters, digits and `_.:-`, at most 90. */
  readonly gatewayId: string;
  /** Processes that serve, one per core at most makes sense. */
  readonly workers: number;
  /** Open client connections per process. */
  readonly maxConnections: number;
  /** `always` syncs the journal to the disk before a request is answered. */
  readonly journalSync: 'interval' | 'always';
  readonly journalMaxBytes: number;
  /** What answers under way may keep in memory together, per process. */
  readonly answersMaxBytes: number;
  /** Where metrics are served, for who presents the token; null serves none. */
  readonly metrics: { readonly host: string; readonly port: number; readonly token: string } | null;
  /** Limits are kept together with all gateways that name the same Redis; null: each by itself. */
  readonly redis: RedisConfig | null;
  /** The folder of the trained injection detector's model; null: the check's rules alone. */
  readonly injectionModel: string | null;
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

export interface RedisConfig {
  /** `redis://` or `rediss://`; may hold credentials. */
  readonly url: string;
  /** How long a request waits for Redis before this gateway decides alone. */
  readonly timeoutMs: number;
  readonly without: 'share' | 'full' | 'deny';
  /** How many gateways there are; null: as many as Redis was last heard of by. */
  readonly gateways: number | null;
}

/** What is wrong with the settings, for the person who wrote them. Never quotes a secret. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}

const HttpUrl = z.url({ protocol: /^https?$/ });
const Environment = z.object({
  BARTIZAN_DATA_DIR: z.string().min(1),
  BARTIZAN_HOST: z.string().min(1).default('127.0.0.1'),
  BARTIZAN_GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(7601),
  BARTIZAN_SERVER_URL: z
    .string()
    .transform((list) => list.split(',').map((url) => url.trim()))
    .pipe(z.array(HttpUrl).min(1).max(20))
    .transform((urls) => urls.join(',')),
  BARTIZAN_DEMO_URL: HttpUrl.optional(),
  BARTIZAN_MASTER_KEY: z.string().optional(),
  BARTIZAN_MASTER_KEY_FILE: z.string().optional(),
  BARTIZAN_INTERNAL_TOKEN: z.string().optional(),
  BARTIZAN_INTERNAL_TOKEN_FILE: z.string().optional(),
  BARTIZAN_GATEWAY_ID: z
    .string()
    .regex(/^[\w.:-]{1,90}$/)
    .optional(),
  BARTIZAN_WORKERS: z.coerce.number().int().min(1).max(256).default(1),
  BARTIZAN_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  BARTIZAN_JOURNAL_SYNC: z.enum(['interval', 'always']).default('interval'),
  BARTIZAN_JOURNAL_MAX_MB: z.coerce.number().int().min(1).max(1_000_000).default(1024),
  BARTIZAN_ANSWERS_MAX_MB: z.coerce.number().int().min(16).max(65_536).default(128),
  BARTIZAN_METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  BARTIZAN_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  BARTIZAN_REDIS_TIMEOUT_MS: z.coerce.number().int().min(1).max(10_000).default(50),
  BARTIZAN_LIMITS_WITHOUT_REDIS: z.enum(['share', 'full', 'deny']).default('share'),
  BARTIZAN_GATEWAYS: z.coerce.number().int().min(1).max(10_000).optional(),
  BARTIZAN_INJECTION_MODEL: z.string().optional(),
  BARTIZAN_LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
});

const MIN_TOKEN_CHARS = 32;
const METRICS_TOKEN = /^[\x21-\x7e]{32,512}$/;

async function secretOf(env: Readonly<Record<string, string | undefined>>, name: string): Promise<string> {
  const given = env[name];
  if (given) return given.trim();
  const path = env[`${name}_FILE`];
  if (!path) throw new ConfigError(`set ${name}, or ${name}_FILE to a file that holds it`);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new ConfigError(`${name}_FILE names a file that cannot be read`, { cause });
  }
}

/** The id kept in the data folder, made on first use, so that a restarted gateway finds its journal. */
async function stableId(dataDir: string): Promise<string> {
  const path = join(dataDir, 'gateway', 'id');
  await mkdir(join(dataDir, 'gateway'), { recursive: true, mode: 0o700 });
  const id = `gw-${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(path, id, { flag: 'wx', mode: 0o600 });
    return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const kept = (await readFile(path, 'utf8')).trim();
  if (!/^[\w.:-]{1,90}$/.test(kept)) throw new ConfigError(`${path} holds no gateway id; remove the file`);
  return kept;
}

/**
 * Reads the settings from the environment (empty values count as absent). Throws {@link ConfigError} naming
 * the variable that is missing or wrong.
 */
export async function readConfig(env: Readonly<Record<string, string | undefined>>): Promise<GatewayConfig> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(present);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { data } = parsed;
  const internalToken = await secretOf(present, 'BARTIZAN_INTERNAL_TOKEN');
  if (internalToken.length < MIN_TOKEN_CHARS) {
    throw new ConfigError(`BARTIZAN_INTERNAL_TOKEN must have at least ${MIN_TOKEN_CHARS} characters`);
  }
  const dataDir = resolve(data.BARTIZAN_DATA_DIR);
  return Object.freeze({
    dataDir,
    host: data.BARTIZAN_HOST,
    port: data.BARTIZAN_GATEWAY_PORT,
    serverUrl: data.BARTIZAN_SERVER_URL,
    demoUrl: data.BARTIZAN_DEMO_URL ?? null,
    master: masterOf(await secretOf(present, 'BARTIZAN_MASTER_KEY')),
    internalToken,
    gatewayId: data.BARTIZAN_GATEWAY_ID ?? (await stableId(dataDir)),
    workers: data.BARTIZAN_WORKERS,
    maxConnections: data.BARTIZAN_MAX_CONNECTIONS,
    journalSync: data.BARTIZAN_JOURNAL_SYNC,
    journalMaxBytes: data.BARTIZAN_JOURNAL_MAX_MB * 1024 * 1024,
    answersMaxBytes: data.BARTIZAN_ANSWERS_MAX_MB * 1024 * 1024,
    metrics: await metricsOf(present, data),
    redis: await redisOf(present, data),
    injectionModel: injectionModelOf(data.BARTIZAN_INJECTION_MODEL),
    logLevel: data.BARTIZAN_LOG_LEVEL,
  });
}

/** Fails rather than judge by the rules alone where a model was asked for. */
function injectionModelOf(setting: string | undefined): string | null {
  try {
    return demandModelFolder(setting);
  } catch (cause) {
    throw new ConfigError((cause as Error).message, { cause });
  }
}

/** Nobody reads metrics without a token: a port without one is a mistake. */
async function metricsOf(
  env: Readonly<Record<string, string | undefined>>,
  data: Pick<z.infer<typeof Environment>, 'BARTIZAN_METRICS_HOST' | 'BARTIZAN_METRICS_PORT'>,
): Promise<GatewayConfig['metrics']> {
  if (data.BARTIZAN_METRICS_PORT === undefined) return null;
  const token = await secretOf(env, 'BARTIZAN_METRICS_TOKEN');
  if (!METRICS_TOKEN.test(token)) {
    throw new ConfigError('BARTIZAN_METRICS_TOKEN must be 32 to 512 characters without blanks');
  }
  return Object.freeze({ host: data.BARTIZAN_METRICS_HOST, port: data.BARTIZAN_METRICS_PORT, token });
}

async function redisOf(
  env: Readonly<Record<string, string | undefined>>,
  data: z.infer<typeof Environment>,
): Promise<RedisConfig | null> {
  if (!env.BARTIZAN_REDIS_URL && !env.BARTIZAN_REDIS_URL_FILE) return null;
  const url = await secretOf(env, 'BARTIZAN_REDIS_URL');
  if (!/^rediss?:\/\/[^\s]+$/.test(url) || !URL.canParse(url)) {
    throw new ConfigError(
      'BARTIZAN_REDIS_URL must be an address like redis://host:6379 or rediss://host:6380',
    );
  }
  return Object.freeze({
    url,
    timeoutMs: data.BARTIZAN_REDIS_TIMEOUT_MS,
    without: data.BARTIZAN_LIMITS_WITHOUT_REDIS,
    gateways: data.BARTIZAN_GATEWAYS ?? null,
  });
}

function masterOf(hex: string): MasterKey {
  try {
    return masterKeyFromHex(hex);
  } catch (cause) {
    throw new ConfigError(`BARTIZAN_MASTER_KEY: ${(cause as Error).message}`);
  }
}

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MasterKey, masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { z } from 'zod';
import { type ObjectsConfig, readObjects } from './objects.ts';

/** Everything the server needs to know to start. Secrets are never logged. */
export interface Config {
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly databaseUrl: string;
  /** Address that people open, without a trailing slash; null to use the one listened on. */
  readonly publicUrl: string | null;
  readonly masterKey: MasterKey;
  /** What gateways of this instance show to the server. */
  readonly internalToken: string;
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Address of the gateway as shown to people; null when unknown. */
  readonly gatewayUrl: string | null;
  readonly consoleDir: string | null;
  /** Make the demo endpoint and its key on the first start. */
  readonly demo: boolean;
  /** False: this server serves and leaves scheduled work to others. */
  readonly background: boolean;
  /** Where artifacts and datasets lie. */
  readonly objects: ObjectsConfig;
  /** Most that the files of one upload may have together, in bytes. */
  readonly maxUploadBytes: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** A configuration that cannot be started with; the message names each setting and what to do. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`Bartizan cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_CONSOLE_DIR = fileURLToPath(new URL('../../../console/dist', import.meta.url));

const flag = z
  .enum(['', '0', '1', 'true', 'false', 'yes', 'no'], 'use 1 or 0')
  .default('')
  .transform((value) => ['1', 'true', 'yes'].includes(value));

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .refine((value) => new URL(value).pathname === '/', 'must be an address without a path')
  .transform((value) => new URL(value).origin);

/** `10.0.0.0/8`, `::1`, …: an address, with a prefix length that it can have. */
function isCidr(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

const Settings = z.object({
  BARTIZAN_DATA_DIR: z.string().min(1).default('.bartizan'),
  BARTIZAN_HOST: z.string().min(1).max(253).default('127.0.0.1'),
  BARTIZAN_PORT: z.coerce.number('must be a port number').int().min(0).max(65_535).default(7600),
  DATABASE_URL: z
    .string('is missing: the address of a PostgreSQL 15 or later (npm start brings one by itself)')
    .regex(/^postgres(?:ql)?:\/\//, 'must start with postgres://'),
  BARTIZAN_PUBLIC_URL: httpUrl.optional(),
  BARTIZAN_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((value) => value.split(/[\s,]+/).filter((part) => part !== ''))
    .refine((list) => list.every(isCidr), 'must list addresses or ranges like 10.0.0.0/8'),
  BARTIZAN_GATEWAY_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
  BARTIZAN_CONSOLE_DIR: z.string().default(DEFAULT_CONSOLE_DIR),
  BARTIZAN_DEMO: flag,
  BARTIZAN_BACKGROUND: z
    .enum(['on', 'off', '1', '0'], 'use on or off')
    .default('on')
    .transform((value) => value === 'on' || value === '1'),
  BARTIZAN_MAX_UPLOAD_GIB: z.coerce.number('must be a number of GiB').positive().max(65_536).default(256),
  BARTIZAN_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** A secret from NAME or the file that NAME_FILE names. `how`: what to do where it is missing. */
function readSecret(
  env: Environment,
  name: string,
  problems: string[],
  how = ' (make one with "openssl rand -hex 32")',
): string | null {
  const value = env[name];
  const file = env[`${name}_FILE`];
  if (value && file) {
    problems.push(`${name} and ${name}_FILE are both set; keep one`);
    return null;
  }
  if (value) return value.trim();
  if (!file) {
    problems.push(`${name} is missing: set it or ${name}_FILE${how}`);
    return null;
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    problems.push(`${name}_FILE names ${file}, which cannot be read`);
    return null;
  }
}

/**
 * True for secrets that somebody typed rather than drew: few different characters, a repeated pattern, or an
 * ascending run. 64 random hex digits have fewer than 9 different ones about once in 10^15 draws.
 */
export function isWeakSecret(secret: string): boolean {
  if (new Set(secret).size < 9) return true;
  for (let period = 1; period <= secret.length / 2; period++) {
    if (secret.slice(period) === secret.slice(0, -period)) return true;
  }
  return /change.?me|example|password|default|secret|0123456789abcdef0|bartizan/i.test(secret);
}

function checkMasterKey(hex: string | null, problems: string[]): MasterKey | null {
  if (hex === null) return null;
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    problems.push('BARTIZAN_MASTER_KEY must be 64 hexadecimal characters ("openssl rand -hex 32")');
    return null;
  }
  if (isWeakSecret(hex)) {
    problems.push('BARTIZAN_MASTER_KEY is not random; make one with "openssl rand -hex 32"');
    return null;
  }
  return masterKeyFromHex(hex);
}

function checkToken(token: string | null, problems: string[]): string | null {
  if (token === null) return null;
  if (!/^[\x21-\x7e]{32,512}$/.test(token) || isWeakSecret(token)) {
    problems.push('BARTIZAN_INTERNAL_TOKEN must be at least 32 random characters ("openssl rand -hex 32")');
    return null;
  }
  return token;
}

/**
 * Reads the configuration from environment variables (`.env` files are not read). An empty variable counts
 * as absent. Throws {@link ConfigError} that lists every problem at once and never quotes a secret.
 */
export function loadConfig(env: Environment): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const problems: string[] = [];
  if (given.DATABASE_URL_FILE) {
    const url = readSecret(given, 'DATABASE_URL', problems);
    if (url !== null) given.DATABASE_URL = url;
  }
  const parsed = Settings.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(`${issue.path.join('.')} ${issue.message}`);
  }
  const masterKey = checkMasterKey(readSecret(given, 'BARTIZAN_MASTER_KEY', problems), problems);
  const internalToken = checkToken(readSecret(given, 'BARTIZAN_INTERNAL_TOKEN', problems), problems);
  const objects = readObjects(given, (name) => readSecret(given, name, problems, ''), problems);
  if (!parsed.success || masterKey === null || internalToken === null || problems.length > 0) {
    throw new ConfigError(problems);
  }
  const settings = parsed.data;
  return Object.freeze({
    dataDir: resolve(settings.BARTIZAN_DATA_DIR),
    host: settings.BARTIZAN_HOST,
    port: settings.BARTIZAN_PORT,
    databaseUrl: settings.DATABASE_URL,
    publicUrl: settings.BARTIZAN_PUBLIC_URL ?? null,
    masterKey,
    internalToken,
    trustedProxies: Object.freeze(settings.BARTIZAN_TRUSTED_PROXIES),
    gatewayUrl: settings.BARTIZAN_GATEWAY_URL ?? null,
    consoleDir: resolve(settings.BARTIZAN_CONSOLE_DIR),
    demo: settings.BARTIZAN_DEMO,
    background: settings.BARTIZAN_BACKGROUND,
    objects,
    maxUploadBytes: Math.floor(settings.BARTIZAN_MAX_UPLOAD_GIB * 2 ** 30),
    logLevel: settings.BARTIZAN_LOG_LEVEL,
  });
}

/** Where the demo key's secret is kept. */
export const demoKeyPath = (dataDir: string): string => join(dataDir, 'demo-key');

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type Sink, SinkInput, type SinkStatus, type SinkTarget, SinkTargetInput } from '@bartizan/contracts';
import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import type { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import { hostProblem } from '../../platform/outbound/index.ts';

export type NewSink = z.output<typeof SinkInput>;
type NewTarget = z.output<typeof SinkTargetInput>;

/** Write-only values, as they lie sealed. Header names are lower-case. */
export interface TargetSecrets {
  readonly password?: string;
  readonly token?: string;
  readonly clientKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Without<T, Keys extends string> = T extends unknown ? Omit<T, Keys> : never;
/** A target as kept: secrets apart, headers by name. */
export type StoredTarget = Without<SinkTarget, 'hasPassword' | 'hasClientKey' | 'hasToken'>;

export interface SinkSettings extends Omit<NewSink, 'name' | 'target'> {
  readonly target: StoredTarget;
}

export interface StoredSink {
  readonly id: string;
  readonly name: string;
  readonly settings: SinkSettings;
  readonly sealedSecrets: string | null;
  readonly paused: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface Issue {
  readonly path: string;
  readonly message: string;
}

export const noSuchSink = (): AppError =>
  new AppError('not_found', 'there is no such sink', { hint: 'List the sinks to see their ids.' });

/** Names where the secrets are sent: they open for that place alone, whatever is written into the row. */
export const secretsContext = (sinkId: string, target: StoredTarget): string =>
  `sink-secrets:${sinkId}:${placeOf(target)}`;

export function sealSecrets(
  master: MasterKey,
  { id, target }: { readonly id: string; readonly target: StoredTarget },
  secrets: TargetSecrets,
): string | null {
  if (Object.keys(secrets).length === 0) return null;
  return seal(master, JSON.stringify(secrets), secretsContext(id, target));
}

/** Throws what {@link unseal} throws when the value belongs elsewhere. */
export function openSecrets(
  master: MasterKey,
  sink: Pick<StoredSink, 'id' | 'sealedSecrets' | 'settings'>,
): TargetSecrets {
  if (sink.sealedSecrets === null) return {};
  const context = secretsContext(sink.id, sink.settings.target);
  return JSON.parse(unseal(master, sink.sealedSecrets, context)) as TargetSecrets;
}

/** Where a target points: stored secrets are only ever sent there. */
function placeOf(target: StoredTarget | NewTarget): string {
  switch (target.type) {
    case 'file':
      return 'file';
    case 'syslog':
      return `syslog:${target.protocol}:${target.host.toLowerCase()}:${target.port}`;
    default:
      return `${target.type}:${new URL(target.url).origin}`;
  }
}

/** Headers that we set, that belong to one connection, or that decide where a request ends. */
const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'proxy-connection',
]);

function headerIssues(target: Extract<NewTarget, { type: 'https' }>): Issue[] {
  const seen = new Set<string>();
  return target.headers.flatMap(({ name }, index) => {
    const path = `target.headers.${index}.name`;
    const lower = name.toLowerCase();
    if (seen.has(lower)) return [{ path, message: 'this header is listed twice' }];
    seen.add(lower);
    if (OWN_HEADERS.has(lower)) return [{ path, message: 'this header is set by Bartizan itself' }];
    if (lower === 'authorization' && target.auth !== 'none')
      return [{ path, message: 'credentials already go into this header' }];
    return [];
  });
}

function reads(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

function networkIssues(target: Exclude<NewTarget, { type: 'file' }>, secrets: TargetSecrets): Issue[] {
  const issues: Issue[] = [];
  const { ca, clientCertificate, allowPrivateNetwork, allowPlaintext } = target;
  const byUrl = target.type !== 'syslog';
  const url = new URL(
    byUrl ? target.url : `https://${isIP(target.host) === 6 ? `[${target.host}]` : target.host}`,
  );
  const problem = hostProblem(url, allowPrivateNetwork);
  if (problem !== null) issues.push({ path: byUrl ? 'target.url' : 'target.host', message: problem });
  if (url.hash !== '') issues.push({ path: 'target.url', message: 'it has a fragment' });
  const plain = byUrl ? url.protocol !== 'https:' : target.protocol !== 'tls';
  if (plain && !allowPlaintext) {
    issues.push({
      path: byUrl ? 'target.url' : 'target.protocol',
      message: 'events would cross the network readable; use TLS, or allow plain text if that is meant',
    });
  }
  if (ca !== null && !reads(() => new X509Certificate(ca)))
    issues.push({ path: 'target.ca', message: 'this is not a certificate in PEM' });
  if (clientCertificate !== null && !reads(() => new X509Certificate(clientCertificate)))
    issues.push({ path: 'target.clientCertificate', message: 'this is not a certificate in PEM' });
  const { clientKey } = secrets;
  if (clientCertificate !== null && clientKey === undefined)
    issues.push({ path: 'target.clientKey', message: 'the client certificate needs its private key' });
  if (clientKey !== undefined && !reads(() => createPrivateKey(clientKey)))
    issues.push({
      path: 'target.clientKey',
      message: 'this is not a private key in PEM without a passphrase',
    });
  return issues;
}

/** Stored values that the input leaves as they are, and what it says anew. */
function mergeSecrets(target: NewTarget, before: TargetSecrets): { secrets: TargetSecrets; issues: Issue[] } {
  const issues: Issue[] = [];
  if (target.type === 'file') return { secrets: {}, issues };
  const value = (given: string | null | undefined, kept: string | undefined) =>
    given === undefined ? kept : (given ?? undefined);
  const secrets: { -readonly [K in keyof TargetSecrets]: TargetSecrets[K] } = {};
  const clientKey = value(target.clientKey, before.clientKey);
  if (clientKey !== undefined) secrets.clientKey = clientKey;
  if (target.type === 'splunk-hec') {
    const token = value(target.token, before.token);
    if (token === undefined)
      issues.push({ path: 'target.token', message: 'enter the token of the collector' });
    else secrets.token = token;
  }
  if (target.type !== 'https') return { secrets, issues };
  const password = target.auth === 'none' ? undefined : value(target.password, before.password);
  if (password !== undefined) secrets.password = password;
  else if (target.auth !== 'none')
    issues.push({
      path: 'target.password',
      message: target.auth === 'bearer' ? 'enter the token' : 'enter the password',
    });
  const headers: Record<string, string> = {};
  for (const [index, { name, value: given }] of target.headers.entries()) {
    const kept = given ?? before.headers?.[name.toLowerCase()];
    if (kept === undefined)
      issues.push({ path: `target.headers.${index}.value`, message: 'enter its value' });
    else headers[name.toLowerCase()] = kept;
  }
  if (target.headers.length > 0) secrets.headers = headers;
  return { secrets, issues };
}

function storedTarget(target: NewTarget): StoredTarget {
  if (target.type === 'file') return target;
  if (target.type === 'syslog') {
    const { clientKey: _, ...rest } = target;
    return rest;
  }
  if (target.type === 'splunk-hec') {
    const { clientKey: _, token: __, ...rest } = target;
    return rest;
  }
  const { clientKey: _, password: __, headers, ...rest } = target;
  return { ...rest, headers: headers.map(({ name }) => name) };
}

export interface Settled {
  readonly settings: SinkSettings;
  readonly secrets: TargetSecrets;
}

/**
 * What will be kept. Secrets that the input leaves out are taken from `before`, but only as long as it points at
 * the same place. Throws `invalid_input` naming everything that cannot be.
 */
export function settle(
  input: NewSink,
  before: { readonly target: StoredTarget; readonly secrets: TargetSecrets } | null,
): Settled {
  const { name: _, target, ...rest } = input;
  const stays = before !== null && placeOf(before.target) === placeOf(target);
  const { secrets, issues } = mergeSecrets(target, stays ? before.secrets : {});
  if (target.type !== 'file') issues.push(...networkIssues(target, secrets));
  if (target.type === 'https') issues.push(...headerIssues(target));
  if (issues.length > 0) {
    throw new AppError('invalid_input', 'the sink cannot be used as it is', {
      hint:
        before !== null && !stays
          ? 'It points somewhere else than before, so its secrets must be entered again. Correct what is named.'
          : 'Correct what is named and save again.',
      issues,
    });
  }
  return { settings: { ...rest, target: storedTarget(target) }, secrets };
}

function shownTarget(target: StoredTarget, secrets: TargetSecrets): SinkTarget {
  const hasClientKey = secrets.clientKey !== undefined;
  switch (target.type) {
    case 'file':
      return target;
    case 'syslog':
      return { ...target, hasClientKey };
    case 'splunk-hec':
      return { ...target, hasClientKey, hasToken: secrets.token !== undefined };
    case 'https':
      return { ...target, hasClientKey, hasPassword: secrets.password !== undefined };
  }
}

/** As people see it: of secrets only whether they are there. */
export function toSink(stored: StoredSink, secrets: TargetSecrets, status: SinkStatus): Sink {
  const { target, ...rest } = stored.settings;
  return {
    ...rest,
    id: stored.id,
    name: stored.name,
    target: shownTarget(target, secrets),
    paused: stored.paused,
    createdAt: stored.createdAt,
    updatedAt: stored.updatedAt,
    status,
  };
}

import { randomUUID } from 'node:crypto';
import { ALL_PERMISSIONS, type Permission } from '@bartizan/contracts';
import { expect } from 'vitest';
import { createAuditLog } from '../../../audit/index.ts';
import { createEvents } from '../../../kernel/events.ts';
import type { OpenDatabase } from '../../../platform/database/index.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import type { LifecycleEvents } from '../../ports.ts';
import { startTestServer } from '../../testing.ts';
import type { FileRef, NewVersion, ScanNote, StoredVersion } from '../model.ts';
import { NO_FINDINGS } from '../model.ts';
import { createModelService } from './service.ts';
import type { RegistryActor, RegistryPorts } from './types.ts';

/** Somebody with these permissions, in these teams only where some are named. */
export function person(
  teams: readonly string[] | '*' = '*',
  permissions: readonly Permission[] = ALL_PERMISSIONS,
): Principal {
  return {
    kind: 'person',
    id: randomUUID(),
    name: 'Ada',
    roles: [],
    permissions: new Set(permissions),
    teams: teams === '*' ? '*' : new Set(teams),
  };
}

/** What another part of the registry would answer, where a test has something to say about it. */
const QUIET: RegistryPorts = {
  signatures: { summaries: async () => new Map() },
  scans: { files: async () => new Map(), findings: async () => null },
  runs: { names: async () => new Map() },
  endpoints: { names: async () => new Map() },
  systems: { using: async () => [] },
  policies: { left: async () => [] },
  demandPromotable: async () => undefined,
};

/** A registry as one server of an instance has it, and what it told its process. */
export function registryOn(open: Pick<OpenDatabase, 'database'>, ports: Partial<RegistryPorts> = {}) {
  const created: string[] = [];
  const events = createEvents<LifecycleEvents>((_, error) => {
    throw error;
  });
  events.on('version.created', ({ versionId }) => void created.push(versionId));
  const clock = { now: () => Date.now() };
  const models = createModelService({
    database: open.database,
    audit: createAuditLog({ database: open.database, clock }),
    clock,
    events,
    ports: { ...QUIET, ...ports },
  });
  return { models, created };
}

/** Files with these contents, by path, in the store. */
export async function storeFiles(
  objects: Pick<RecordedObjects, 'put'>,
  contents: Readonly<Record<string, string>>,
): Promise<FileRef[]> {
  const files: FileRef[] = [];
  for (const [path, text] of Object.entries(contents)) {
    const { sha256, size } = await objects.put(
      (async function* () {
        yield Buffer.from(text);
      })(),
    );
    files.push({ path, sha256, size });
  }
  return files;
}

export const malicious: ScanNote = {
  state: 'done',
  verdict: 'malicious',
  quarantined: true,
  severities: { ...NO_FINDINGS, critical: 2 },
  formats: ['pickle'],
  at: 1_700_000_000_000,
};
export const clean: ScanNote = {
  state: 'done',
  verdict: 'clean',
  quarantined: false,
  severities: NO_FINDINGS,
  formats: ['safetensors'],
  at: 1_700_000_000_000,
};

/** A team to which models can belong. */
export async function makeTeam(open: Pick<OpenDatabase, 'pool'>, name: string): Promise<string> {
  const id = randomUUID();
  await open.pool.query('insert into teams (id, name, description, created_at) values ($1, $2, $3, now())', [
    id,
    name,
    '',
  ]);
  return id;
}

/** A registry on a server of its own, with two files in its store. */
export async function startRegistry() {
  const server = await startTestServer({ background: false });
  const { models, created } = registryOn(server.open);
  const files = await storeFiles(server.objects, { 'model.safetensors': 'weights', 'config.json': '{}' });
  const ada = person();
  let made = 0;
  /** A name that no other test uses. */
  const fresh = (what = 'model') => `${what} ${++made} ${randomUUID().slice(0, 8)}`;
  return Object.freeze({
    server,
    models,
    created,
    files,
    ada,
    fresh,
    /** Versions of it have {@link files}. */
    async modelWith(versions: number, name = fresh()) {
      const model = await models.createModel(ada, { name });
      for (let n = 0; n < versions; n++) await models.createVersion(ada, model.id, { files });
      return model;
    },
    /** A version of a new model, with content of its own unless some is given. */
    async version(
      input: Partial<NewVersion> = {},
      actor: RegistryActor = ada,
      teamId: string | null = null,
    ): Promise<StoredVersion> {
      const { id } = await models.createModel(actor, { name: fresh(), teamId });
      const own = await storeFiles(server.objects, { 'model.bin': randomUUID() });
      return await models.createVersion(actor, id, { files: own, ...input });
    },
    /** What the audit log says was done with it, first things first. */
    actions: async (subject: string) =>
      (await server.audited()).filter((entry) => entry.subject === subject).map(({ action }) => action),
    close: () => server.close(),
  });
}
export type TestRegistry = Awaited<ReturnType<typeof startRegistry>>;

/** A version as that from which another is made. */
export const on = ({ modelId, version }: Pick<StoredVersion, 'modelId' | 'version'>) =>
  ({ kind: 'version', model: modelId, version: String(version) }) as const;

/** What an AppError of this code looks like. */
export const code = (expected: string) => expect.objectContaining({ code: expected });

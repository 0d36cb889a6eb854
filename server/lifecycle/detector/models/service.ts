import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { readLinear } from '@bartizan/checks/text/injection/model/linear.ts';
import { readVocabulary } from '@bartizan/checks/text/injection/model/load.ts';
import { InjectionModelError, Manifest } from '@bartizan/checks/text/injection/model/manifest.ts';
import { type DetectorModel, MAX_DETECTOR_FILE_BYTES } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { isForeignKeyViolation } from '../../sql-state.ts';
import { within } from '../../within.ts';
import { speakerOf } from '../actor.ts';
import type { DetectorDeps } from '../ports.ts';
import type { BuiltIn } from './built-in.ts';
import { unpack } from './folder.ts';
import { isRules, type Live } from './live.ts';
import { createModelStore, type ModelRow } from './store.ts';

export interface ModelDeps extends Pick<DetectorDeps, 'database' | 'audit' | 'clock' | 'objects'> {
  readonly builtIn: () => BuiltIn;
  readonly live: Live;
  /** Where models are laid out for those that run them. */
  readonly root: string;
}

/** What a gateway needs to know of a model to get it. */
export interface KnownModel {
  readonly name: string;
  readonly builtIn: boolean;
  /** Of the manifest; null of the product's own and of the rules alone. */
  readonly sha256: string | null;
}

export const noSuchModel = (name: string): AppError =>
  new AppError('not_found', `the detector has no model "${name}"`, {
    hint: 'List the models to see which there are.',
  });

const refused = (message: string, path = 'manifest'): AppError =>
  new AppError('invalid_input', message, { issues: [{ path, message }] });

const bytesOf = ({ files }: Manifest): number =>
  Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);

/** The same manifest has the same bytes, however its sender wrote it. */
const manifestBytes = (manifest: Manifest): Buffer => Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);

function manifestOf(given: unknown): Manifest {
  const parsed = Manifest.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_input', 'this is no model.json of format 1', {
    hint: 'Send the model.json that the training recipe wrote.',
    issues: parsed.error.issues
      .slice(0, 20)
      .map(({ path, message }) => ({ path: ['manifest', ...path].join('.'), message })),
  });
}

/** Models of the detector: the product's own, and those that people added as candidates. */
export function createModelService(deps: ModelDeps) {
  const { database, audit, clock, objects, builtIn, live, root } = deps;
  const store = createModelStore(database);

  async function storedManifest(sha256: string): Promise<Manifest> {
    const bytes = await buffer(Readable.from(objects.open(sha256)));
    return Manifest.parse(JSON.parse(bytes.toString('utf8')));
  }

  const facts = (manifest: Manifest) => ({
    files: Object.values(manifest.files),
    bytes: bytesOf(manifest),
    points: manifest.points,
  });

  function ownModel(now: { readonly live: string; readonly since: number | null }): DetectorModel {
    const { name, model, folder } = builtIn();
    const manifest = model?.manifest;
    return {
      name,
      builtIn: true,
      sha256:
        folder === null
          ? null
          : createHash('sha256')
              .update(readFileSync(join(folder, 'model.json')))
              .digest('hex'),
      ...(manifest ? facts(manifest) : { files: [], bytes: 0, points: null }),
      note: '',
      addedBy: null,
      addedAt: null,
      live: now.live === name,
      liveSince: now.since,
    };
  }

  async function shown(row: ModelRow, now: { live: string; since: ReadonlyMap<string, number> }) {
    return {
      name: row.name,
      builtIn: false,
      sha256: row.manifestSha256,
      ...facts(await storedManifest(row.manifestSha256)),
      note: row.note,
      addedBy: { id: row.byId, name: row.byName },
      addedAt: row.at,
      live: now.live === row.name,
      liveSince: now.since.get(row.name) ?? null,
    } satisfies DetectorModel;
  }

  const standing = async () => {
    const [name, since] = await Promise.all([live.name(), live.since()]);
    return { live: name, since };
  };

  async function get(name: string): Promise<DetectorModel> {
    const now = await standing();
    if (name === builtIn().name) return ownModel({ live: now.live, since: now.since.get(name) ?? null });
    const row = await store.find(name);
    if (!row) throw noSuchModel(name);
    return await shown(row, now);
  }

  /** Bytes of a file that was sent before, which must be as long as the manifest says. */
  async function sent(
    file: { readonly name: string; readonly sha256: string; readonly bytes: number },
    read: boolean,
  ): Promise<Buffer> {
    if (!(await objects.keep(file.sha256))) {
      throw new AppError('conflict', `the file ${file.name} was not sent yet`, {
        hint: `Send the bytes with the digest ${file.sha256} first.`,
      });
    }
    const size = await objects.size(file.sha256);
    if (size !== file.bytes) throw refused(`${file.name} has ${size} bytes, not ${file.bytes}`);
    return read ? await buffer(Readable.from(objects.open(file.sha256))) : Buffer.alloc(0);
  }

  async function demandReadable({ files }: Manifest): Promise<void> {
    await sent(files.encoder, false);
    const vocabulary = await sent(files.vocabulary, true);
    const linear = await sent(files.linear, true);
    try {
      readVocabulary(vocabulary);
      readLinear(linear);
    } catch (error) {
      if (error instanceof InjectionModelError) throw refused(error.message);
      throw error;
    }
  }

  return Object.freeze({
    get,

    async list(): Promise<DetectorModel[]> {
      const now = await standing();
      const own = builtIn().name;
      const rows = await store.list();
      return [
        ownModel({ live: now.live, since: now.since.get(own) ?? null }),
        ...(await Promise.all(rows.filter(({ name }) => name !== own).map((row) => shown(row, now)))),
      ];
    },

    /** Stores a file of a model that is to be added; nothing refers to it yet. */
    async sendFile(sha256: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
      const stored = await objects.put(bytes, {
        expect: sha256,
        maxBytes: MAX_DETECTOR_FILE_BYTES,
        signal,
      });
      return { sha256: stored.sha256, bytes: stored.size };
    },

    /** Adding the same model again changes nothing; another one of the same name is a `conflict`. */
    async add(caller: Principal, given: unknown, note: string): Promise<DetectorModel> {
      const manifest = manifestOf(given);
      const name = `${manifest.id}@${manifest.version}`;
      const taken = new AppError('conflict', `there is another model "${name}" already`, {
        hint: 'Give the new one another version: a model never changes.',
      });
      if (isRules(name) || name === builtIn().name) throw taken;
      await demandReadable(manifest);
      const { sha256 } = await objects.put(Readable.from([manifestBytes(manifest)]));
      const { id: byId, name: byName } = speakerOf(caller);
      const { encoder, vocabulary, linear } = manifest.files;
      const row: ModelRow = {
        name,
        manifestSha256: sha256,
        encoderSha256: encoder.sha256,
        vocabularySha256: vocabulary.sha256,
        linearSha256: linear.sha256,
        bytes: bytesOf(manifest),
        note: note.replaceAll('\0', '').toWellFormed(),
        byId,
        byName,
        at: clock.now(),
      };
      await within(database, async (tx) => {
        if (!(await store.add(row, tx))) return;
        const detail = { sha256, bytes: row.bytes };
        await audit.record(
          { actor: caller, action: 'detector.model_added', subject: `detector-model:${name}`, detail },
          tx,
        );
      }).catch((error: unknown) => {
        if (!isForeignKeyViolation(error)) throw error;
        throw new AppError('conflict', 'a file of the model is gone again', { hint: 'Send it once more.' });
      });
      if ((await store.find(name))?.manifestSha256 !== sha256) throw taken;
      return await get(name);
    },

    async remove(caller: Principal, name: string): Promise<void> {
      if (name === builtIn().name) {
        throw new AppError('conflict', 'the product’s own model cannot be removed');
      }
      if (!(await store.find(name))) throw noSuchModel(name);
      await within(database, async (tx) => {
        await live.lock(tx);
        if ((await live.name()) === name) {
          throw new AppError('conflict', `"${name}" is live`, { hint: 'Put another model live first.' });
        }
        if (!(await store.remove(name, tx))) throw noSuchModel(name);
        await audit.record(
          { actor: caller, action: 'detector.model_removed', subject: `detector-model:${name}`, detail: {} },
          tx,
        );
      });
    },

    /** Throws `not_found` for a name that is none of a model's. */
    async known(name: string): Promise<KnownModel> {
      if (name === builtIn().name) return { name, builtIn: true, sha256: null };
      const row = await store.find(name);
      if (!row) throw noSuchModel(name);
      return { name, builtIn: false, sha256: row.manifestSha256 };
    },

    /** A folder with the model's files, checked; null of the rules alone. */
    async folderOf(name: string): Promise<string | null> {
      const own = builtIn();
      if (name === own.name) return own.folder;
      const row = await store.find(name);
      if (!row) throw noSuchModel(name);
      const manifest = await storedManifest(row.manifestSha256);
      return await unpack(objects, root, { sha256: row.manifestSha256, manifest });
    },

    /** A file of a model that was added, for gateways; null for what is none. */
    file: async (sha256: string): Promise<AsyncIterable<Uint8Array> | null> =>
      (await store.holds(sha256)) ? objects.open(sha256) : null,
  });
}
export type ModelService = ReturnType<typeof createModelService>;

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  createModelFolders,
  type LaidModel,
  manifestBytes,
  manifestDigest,
} from '@bartizan/checks/text/injection/model/folders.ts';
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
import type { DemandAll } from '../whole.ts';
import type { BuiltIn } from './built-in.ts';
import { isRules, type KnownModel, type Live } from './live.ts';
import { createModelStore, type ModelRow } from './store.ts';

export interface ModelDeps extends Pick<DetectorDeps, 'database' | 'audit' | 'clock' | 'objects'> {
  readonly builtIn: BuiltIn;
  readonly live: Live;
  readonly demandAll: DemandAll;
  /** Where models are laid out for those that run them. */
  readonly root: string;
}

/** Models that lie unpacked on a server's disk at most, but for those in use; the object store has them all. */
const MOST_UNPACKED = 4;

const ADDED = 'a model that is added may judge for';

export const noSuchModel = (name: string): AppError =>
  new AppError('not_found', `the detector has no model "${name}"`, {
    hint: 'List the models to see which there are.',
  });

const refused = (message: string, path = 'manifest'): AppError =>
  new AppError('invalid_input', message, { issues: [{ path, message }] });

const bytesOf = ({ files }: Manifest): number =>
  Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);

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
  const { database, audit, clock, objects, builtIn, live, root, demandAll } = deps;
  const store = createModelStore(database);
  const folders = createModelFolders({ root, most: MOST_UNPACKED });
  const own: KnownModel = { name: builtIn.name, builtIn: true, sha256: builtIn.sha256 };

  /** Null of one that this version of the product does not read. */
  async function storedManifest(sha256: string): Promise<Manifest | null> {
    const bytes = await buffer(Readable.from(objects.open(sha256)));
    return Manifest.safeParse(JSON.parse(bytes.toString('utf8'))).data ?? null;
  }

  const facts = (manifest: Manifest) => ({
    files: Object.values(manifest.files),
    bytes: bytesOf(manifest),
    points: manifest.points,
  });

  const isLive = ({ sha256 }: Pick<KnownModel, 'sha256'>, now: KnownModel): boolean => sha256 === now.sha256;

  async function ownModel(now: KnownModel): Promise<DetectorModel> {
    const manifest = builtIn.model?.manifest;
    return {
      ...own,
      ...(manifest ? facts(manifest) : { files: [], bytes: 0, points: null }),
      note: '',
      addedBy: null,
      addedAt: null,
      live: isLive(own, now),
      liveSince: await live.since(now.sha256 === own.sha256 ? now : own),
    };
  }

  async function shown(row: ModelRow, now: KnownModel): Promise<DetectorModel> {
    const known = { name: row.name, builtIn: false, sha256: row.manifestSha256 };
    const manifest = await storedManifest(row.manifestSha256);
    return {
      ...known,
      ...(manifest ? facts(manifest) : { files: [], bytes: row.bytes, points: null }),
      note: row.note,
      addedBy: { id: row.byId, name: row.byName },
      addedAt: row.at,
      live: isLive(known, now),
      liveSince: await live.since(known),
    };
  }

  /**
   * The model of a name or digest; `row` is null of the product's own. Throws `not_found`, and `conflict` for a name to
   * which the product's own and another model have come.
   */
  async function find(ref: string): Promise<{ readonly known: KnownModel; readonly row: ModelRow | null }> {
    const row = await store.find(ref);
    const isOwn = ref === own.name || ref === own.sha256;
    if (isOwn && row && row.manifestSha256 !== own.sha256) {
      throw new AppError(
        'conflict',
        `two models are called "${ref}": the product’s own and one that was added`,
        {
          hint: `Name the digest instead: ${own.sha256} or ${row.manifestSha256}.`,
        },
      );
    }
    if (isOwn) return { known: own, row: null };
    if (!row) throw noSuchModel(ref);
    return { known: { name: row.name, builtIn: false, sha256: row.manifestSha256 }, row };
  }

  async function get(ref: string): Promise<DetectorModel> {
    const [{ row }, now] = await Promise.all([find(ref), live.now()]);
    return row === null ? await ownModel(now) : await shown(row, now);
  }

  /** The product's own as it lies there; it may have been exchanged since the server started. */
  async function ownLaid(): Promise<LaidModel | null> {
    if (builtIn.folder === null) return null;
    const found = Manifest.safeParse(
      JSON.parse(await readFile(join(builtIn.folder, 'model.json'), 'utf8').catch(() => 'null')),
    );
    if (found.success && manifestDigest(found.data) === own.sha256)
      return { folder: builtIn.folder, release: async () => undefined };
    throw new AppError('conflict', 'the product’s own model was exchanged since this server started', {
      hint: 'Start the server again.',
    });
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
    for (const file of Object.values(files)) await sent(file, false);
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
      const [now, rows] = await Promise.all([live.now(), store.list()]);
      const others = rows.filter(({ manifestSha256 }) => manifestSha256 !== own.sha256);
      return await Promise.all([ownModel(now), ...others.map((row) => shown(row, now))]);
    },

    /** Stores a file of a model that is to be added; nothing refers to it yet. */
    async sendFile(
      caller: Principal,
      { sha256, bytes, signal }: { sha256: string; bytes: AsyncIterable<Uint8Array>; signal: AbortSignal },
    ) {
      await demandAll(caller, ADDED);
      const stored = await objects.put(bytes, {
        expect: sha256,
        maxBytes: MAX_DETECTOR_FILE_BYTES,
        signal,
      });
      return { sha256: stored.sha256, bytes: stored.size };
    },

    /** Adding the same model again changes nothing; another one of the same name is a `conflict`. */
    async add(caller: Principal, given: unknown, note: string): Promise<DetectorModel> {
      await demandAll(caller, ADDED);
      const manifest = manifestOf(given);
      const name = `${manifest.id}@${manifest.version}`;
      const taken = new AppError('conflict', `there is another model "${name}" already`, {
        hint: 'Give the new one another version: a model never changes.',
      });
      if (isRules(name) || name === own.name) throw taken;
      await demandReadable(manifest);
      const { sha256 } = await objects.put(Readable.from([manifestBytes(manifest)]));
      const { id: byId, name: byName } = speakerOf(caller);
      const row: ModelRow = {
        name,
        manifestSha256: sha256,
        bytes: bytesOf(manifest),
        note: note.replaceAll('\0', '').toWellFormed(),
        byId,
        byName,
        at: clock.now(),
      };
      await within(database, async (tx) => {
        const listed = Object.values(manifest.files).map((file) => file.sha256);
        if (!(await store.add(row, listed, tx))) return;
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

    async remove(caller: Principal, ref: string): Promise<void> {
      await demandAll(caller, 'models judge for');
      const row = await store.find(ref);
      if (!row) {
        await find(ref);
        throw new AppError('conflict', 'the product’s own model cannot be removed');
      }
      const { name, manifestSha256: sha256 } = row;
      await within(database, async (tx) => {
        await live.lock(tx);
        const now = await live.now(tx);
        if (!now.builtIn && now.sha256 === sha256) {
          throw new AppError('conflict', `"${name}" is live`, { hint: 'Put another model live first.' });
        }
        if (!(await store.remove(name, tx))) throw noSuchModel(ref);
        const subject = `detector-model:${name}`;
        await audit.record(
          { actor: caller, action: 'detector.model_removed', subject, detail: { sha256 } },
          tx,
        );
      });
    },

    /** Throws `not_found` for what is no model's name or digest. */
    known: async (ref: string): Promise<KnownModel> => (await find(ref)).known,

    /**
     * A folder with the model's files, checked, where it stays until it is let go of; null of the rules alone. Throws
     * `not_found` where the model is not there any more.
     */
    async lay(sha256: string | null): Promise<LaidModel | null> {
      if (sha256 === null) return null;
      if (sha256 === own.sha256) return await ownLaid();
      const { name } = (await find(sha256)).known;
      try {
        return await folders.take({ sha256, name }, (file) => objects.open(file.sha256));
      } catch (error) {
        if (!(error instanceof InjectionModelError)) throw error;
        throw new AppError('conflict', `"${name}" cannot be used: ${error.message}`, { cause: error });
      }
    },

    /** A file of a model that was added, for gateways; null for what is none. */
    file: async (sha256: string): Promise<AsyncIterable<Uint8Array> | null> =>
      (await store.holds(sha256)) ? objects.open(sha256) : null,
  });
}
export type ModelService = ReturnType<typeof createModelService>;

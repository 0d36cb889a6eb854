import { createHash } from 'node:crypto';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Principal } from '../../../platform/http/types.ts';
import {
  fingerprintOf,
  IDLE_MS,
  MAX_OPEN_UPLOADS,
  OPEN_BYTES_FACTOR,
  ownerOf,
  type ParsedUpload,
  totalOf,
} from './model.ts';
import type { UploadDeps } from './service.ts';
import type { StoredFile, StoredUpload, UploadStore } from './store.ts';

const EMPTY = createHash('sha256').digest('hex');
/** Questions to the object store at once. */
const AT_ONCE = 16;

const gib = (bytes: number): string => `${Math.round((bytes / 2 ** 30) * 100) / 100} GiB`;

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* [];
}

/** Runs `work` for all, some at once. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

/** Begins uploads: checks what is asked and finds what need not be sent. */
export function createBeginning(deps: UploadDeps & { readonly store: UploadStore }) {
  const { objects, audit, clock, config, ports, store } = deps;

  /**
   * Of the digests that the caller told, those that are here and that they could download, or sent themselves. Of
   * others nothing is told, not even whether they are here.
   */
  async function heldOf(principal: Principal, input: ParsedUpload): Promise<ReadonlySet<string>> {
    const sizes = new Map(
      input.files.flatMap(({ sha256, size }) => (sha256 ? [[sha256, size] as const] : [])),
    );
    const digests = [...sizes.keys()];
    const [theirs, sent] = await Promise.all([
      ports.downloadable(principal, digests),
      store.sentBy(principal, digests),
    ]);
    const held = new Set<string>();
    await eachOf([...new Set([...theirs, ...sent])], async (sha256) => {
      if ((await objects.keep(sha256)) && (await objects.size(sha256)) === sizes.get(sha256))
        held.add(sha256);
    });
    return held;
  }

  function demandFits(input: ParsedUpload): number {
    const total = totalOf(input.files);
    if (!Number.isSafeInteger(total) || total > config.maxUploadBytes) {
      throw new AppError(
        'too_large',
        `the files are ${gib(total)} together; ${gib(config.maxUploadBytes)} are allowed`,
        {
          hint: 'The setting is BARTIZAN_MAX_UPLOAD_GIB.',
        },
      );
    }
    const wrong = input.files.find(
      ({ size, sha256 }) => size === 0 && sha256 !== undefined && sha256 !== EMPTY,
    );
    if (wrong) throw new AppError('invalid_input', 'an empty file has another sha256 than the one told');
    return total;
  }

  return async function begin(
    principal: Principal,
    input: ParsedUpload,
  ): Promise<{ readonly upload: StoredUpload; readonly files: readonly StoredFile[] }> {
    if (principal.endpoints) {
      throw new AppError('forbidden', 'this key is bound to endpoints and reaches no models');
    }
    const totalBytes = demandFits(input);
    const teamId = await ports.prepare(principal, input);
    const held = await heldOf(principal, input);
    if (input.files.some(({ size }) => size === 0)) await objects.put(nothing());
    const files = input.files.map(({ path, size, sha256 }, position): StoredFile => {
      const here = size === 0 ? EMPTY : sha256 !== undefined && held.has(sha256) ? sha256 : null;
      return {
        position,
        path,
        size,
        expected: sha256 ?? null,
        sha256: here,
        staging: null,
        received: here === null ? 0 : size,
      };
    });
    const { description, tags, alias, base } = input;
    const upload: StoredUpload = {
      id: uuidv7(clock.now()),
      ownerId: ownerOf(principal),
      state: 'open',
      model: input.model,
      teamId,
      settings: {
        description,
        tags,
        ...(alias === undefined ? {} : { alias }),
        ...(base === undefined ? {} : { base }),
        ...(input.teamId === undefined ? {} : { teamId: input.teamId }),
      },
      fingerprint: fingerprintOf(input),
      totalBytes,
      createdAt: clock.now(),
      expiresAt: clock.now() + IDLE_MS,
      version: null,
    };
    await store.transaction(async (tx) => {
      await store.lockOwner(upload.ownerId, tx);
      const open = await store.openOf(upload.ownerId, tx);
      if (
        open.count >= MAX_OPEN_UPLOADS ||
        open.bytes + totalBytes > OPEN_BYTES_FACTOR * config.maxUploadBytes
      ) {
        throw new AppError('too_many_requests', 'too much is under way: finish or discard uploads first', {
          hint: 'GET /api/v1/uploads lists them; they end by themselves after three days without a part.',
        });
      }
      await store.insert(upload, files, tx);
      await audit.record(
        {
          actor: principal,
          action: 'uploads.begun',
          subject: `upload:${upload.id}`,
          detail: { model: upload.model, bytes: totalBytes, files: files.length },
        },
        tx,
      );
    });
    return { upload, files };
  };
}

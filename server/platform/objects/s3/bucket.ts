import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectsConfig } from '../../config/index.ts';
import { onStore, saysNotFound, statusOf } from './failure.ts';
import { sliced } from './slice.ts';

export type BucketConfig = Extract<ObjectsConfig, { kind: 's3' }>;

export interface Entry {
  /** Without the prefix of the bucket. */
  readonly key: string;
  readonly size: number;
  readonly modifiedMs: number;
}

export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
}

/** Copies beyond this go in pieces (S3 copies 5 GiB in one request). */
const COPY_BYTES = 2 ** 30;
const CONNECT_MS = 10_000;
/** Longest silence of the store. */
const SILENCE_MS = 60_000;

type Sdk = typeof import('@aws-sdk/client-s3');

/** The requests that we make, in our words; keys are without the prefix. Failures are `unavailable`. */
export function createBucket(config: BucketConfig) {
  const { bucket: Bucket, prefix } = config;
  let opened: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;

  async function open() {
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      region: config.region,
      credentials: {
        accessKeyId: config.accessKeyId,
        secretAccessKey: config.secretAccessKey,
        ...(config.sessionToken === null ? {} : { sessionToken: config.sessionToken }),
      },
      ...(config.endpoint === null ? {} : { endpoint: config.endpoint, forcePathStyle: true }),
      maxAttempts: 4,
      // Many stores that speak S3 know no such checksums; what counts is our own digest.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    });
    return { sdk, client };
  }
  const ready = () => (opened ??= open());
  const at = (key: string) => ({ Bucket, Key: prefix + key });

  async function copyInPieces(from: string, to: string, size: number): Promise<void> {
    const { sdk, client } = await ready();
    const id = await begin(to);
    const parts: UploadedPart[] = [];
    for (let start = 0; start < size; start += COPY_BYTES) {
      const end = Math.min(start + COPY_BYTES, size) - 1;
      const number = parts.length + 1;
      const copied = await onStore(
        client.send(
          new sdk.UploadPartCopyCommand({
            ...at(to),
            UploadId: id,
            PartNumber: number,
            CopySource: sourceOf(from),
            CopySourceRange: `bytes=${start}-${end}`,
          }),
        ),
      );
      parts.push({ number, etag: copied.CopyPartResult?.ETag ?? '' });
    }
    await complete(to, id, parts);
  }
  const sourceOf = (key: string) =>
    `${Bucket}/${(prefix + key).split('/').map(encodeURIComponent).join('/')}`;

  async function begin(key: string): Promise<string> {
    const { sdk, client } = await ready();
    const begun = await onStore(client.send(new sdk.CreateMultipartUploadCommand(at(key))));
    return begun.UploadId ?? '';
  }

  async function complete(key: string, id: string, parts: readonly UploadedPart[]): Promise<void> {
    const { sdk, client } = await ready();
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    await onStore(
      client.send(
        new sdk.CompleteMultipartUploadCommand({ ...at(key), UploadId: id, MultipartUpload: { Parts } }),
      ),
    );
  }

  return Object.freeze({
    begin,
    complete,

    async put(key: string, body: Uint8Array): Promise<void> {
      const { sdk, client } = await ready();
      await onStore(
        client.send(new sdk.PutObjectCommand({ ...at(key), Body: body, ContentLength: body.byteLength })),
      );
    },

    async part(key: string, id: string, number: number, body: Uint8Array): Promise<UploadedPart> {
      const { sdk, client } = await ready();
      const sent = await onStore(
        client.send(
          new sdk.UploadPartCommand({
            ...at(key),
            UploadId: id,
            PartNumber: number,
            Body: body,
            ContentLength: body.byteLength,
          }),
        ),
      );
      return { number, etag: sent.ETag ?? '' };
    },

    /** Failing is no matter: what is left is swept later. */
    async abort(key: string, id: string): Promise<void> {
      const { sdk, client } = await ready();
      await client
        .send(new sdk.AbortMultipartUploadCommand({ ...at(key), UploadId: id }))
        .catch(() => undefined);
    },

    /** Null where there is none. */
    async size(key: string): Promise<number | null> {
      const { sdk, client } = await ready();
      try {
        return (await client.send(new sdk.HeadObjectCommand(at(key)))).ContentLength ?? 0;
      } catch (error) {
        if (!saysNotFound(error)) await onStore(Promise.reject(error));
        // A bucket that is not there answers a HEAD in the same way, without a body that says so.
        await onStore(client.send(new sdk.HeadBucketCommand({ Bucket })));
        return null;
      }
    },

    /** The bytes from `start` up to, not including, `end`, all of them where no range is given; null: not there. */
    async get(
      key: string,
      range?: { readonly start: number; readonly end: number },
    ): Promise<AsyncIterable<Uint8Array> | null> {
      const { sdk, client } = await ready();
      try {
        const Range = range === undefined ? undefined : `bytes=${range.start}-${range.end - 1}`;
        const answer = await client.send(new sdk.GetObjectCommand({ ...at(key), Range }));
        const body = (answer.Body ?? []) as AsyncIterable<Uint8Array>;
        return range === undefined ? body : sliced(body, answer, range);
      } catch (error) {
        if (saysNotFound(error)) return null;
        if (statusOf(error) === 416) return (async function* () {})();
        return await onStore(Promise.reject(error));
      }
    },

    async remove(key: string): Promise<void> {
      const { sdk, client } = await ready();
      await onStore(client.send(new sdk.DeleteObjectCommand(at(key))));
    },

    async copy(from: string, to: string, size: number): Promise<void> {
      const { sdk, client } = await ready();
      if (size > COPY_BYTES) return await copyInPieces(from, to, size);
      await onStore(client.send(new sdk.CopyObjectCommand({ ...at(to), CopySource: sourceOf(from) })));
    },

    /** Everything whose key begins so, in the order of the keys. */
    async *list(begins: string): AsyncGenerator<Entry> {
      const { sdk, client } = await ready();
      let token: string | undefined;
      do {
        const page = await onStore(
          client.send(
            new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix + begins, ContinuationToken: token }),
          ),
        );
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          yield {
            key: Key.slice(prefix.length),
            size: Size,
            modifiedMs: LastModified?.getTime() ?? Date.now(),
          };
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },

    /** Gives up uploads in parts that began before; how many. Stores that cannot list them have none. */
    async abortOlder(beforeMs: number): Promise<number> {
      const { sdk, client } = await ready();
      const { Uploads = [] } = await client
        .send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix }))
        .catch(() => ({ Uploads: [] }));
      let aborted = 0;
      for (const { Key, UploadId, Initiated } of Uploads) {
        if (!Key || !UploadId || !Initiated || Initiated.getTime() >= beforeMs) continue;
        await client
          .send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
          .catch(() => undefined);
        aborted++;
      }
      return aborted;
    },
  });
}
export type Bucket = ReturnType<typeof createBucket>;

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { z } from 'zod';
import { BackupError } from './error.ts';

/**
 * The outside of a backup file: a line of plain JSON, then AES-256-GCM chunks.
 *
 *     BARTIZAN-BACKUP {"format":1,"id":"…","createdAt":"…","masterKey":"…","salt":"…"}\n
 *     chunk · chunk · … · last chunk        each 65,536 bytes of content (the last one fewer) and a 16-byte tag
 *
 * The key is HKDF-SHA256 of the master key with the salt; its info holds the SHA-256 of the first line, so a
 * changed line opens nothing. Chunks follow the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár,
 * "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015) with the nonces of the
 * age file format: an 11-byte big-endian counter and a byte that is 1 for the last chunk. Whoever cuts,
 * reorders, repeats or joins chunks is found out at the first wrong one.
 */
export const Header = z.object({
  format: z.literal(1),
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  /** Names the master key that opens it; reveals nothing of it. */
  masterKey: z.string().regex(/^[0-9a-f]{8}$/),
  salt: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Header = z.infer<typeof Header>;

const MAGIC = 'BARTIZAN-BACKUP ';
const MAX_LINE = 1024;
const CHUNK = 65_536;
const TAG = 16;

export function newHeader(id: string, createdAtMs: number, master: MasterKey): Header {
  const salt = randomBytes(32).toString('hex');
  return { format: 1, id, createdAt: new Date(createdAtMs).toISOString(), masterKey: master.id, salt };
}

const lineOf = (header: Header): Buffer => Buffer.from(`${MAGIC}${JSON.stringify(header)}\n`);

function keyFor(master: MasterKey, header: Header, line: Buffer): Buffer {
  const info = `bartizan backup 1 ${createHash('sha256').update(line).digest('hex')}`;
  return Buffer.from(hkdfSync('sha256', master.bytes, Buffer.from(header.salt, 'hex'), info, 32));
}

function nonceFor(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Encrypts `content` as it comes; holds at most two chunks. */
export async function* seal(
  header: Header,
  master: MasterKey,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const line = lineOf(header);
  yield line;
  const key = keyFor(master, header, line);
  let counter = 0;
  const encrypt = (plain: Buffer, last: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceFor(counter, last));
    counter += 1;
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of content) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    // A full chunk is held back until more comes: the last one is marked, and may be full too.
    while (rest.length > CHUNK) {
      yield encrypt(rest.subarray(0, CHUNK), false);
      rest = rest.subarray(CHUNK);
    }
  }
  yield encrypt(rest, true);
}

/** Splits off the first line. Throws {@link BackupError} when this is no backup. */
export function readHeader(start: Buffer): { header: Header; line: Buffer } {
  const end = start.subarray(0, MAX_LINE).indexOf(10);
  if (end < 0 || !start.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC))) {
    throw new BackupError('this file is no backup of Bartizan');
  }
  const line = start.subarray(0, end + 1);
  try {
    const value: unknown = JSON.parse(line.subarray(MAGIC.length).toString());
    const format = z.object({ format: z.number() }).parse(value);
    if (format.format !== 1) {
      throw new BackupError(
        `this backup has format ${format.format}, which this version does not know; restore it with the version that made it`,
      );
    }
    return { header: Header.parse(value), line };
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError('the first line of this backup is damaged', { cause: error });
  }
}

const DAMAGED = 'this backup is damaged or was changed; nothing of it may be used';

/**
 * Decrypts a backup as it comes. What has been yielded is authentic; whether it is complete is known only when
 * the generator ends without an error. Throws {@link BackupError}.
 */
export async function* open(file: AsyncIterable<Buffer>, master: MasterKey): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let key: Buffer | null = null;
  let counter = 0;
  const decrypt = (sealed: Buffer, last: boolean): Buffer => {
    if (key === null || sealed.length < TAG) throw new BackupError(DAMAGED);
    const decipher = createDecipheriv('aes-256-gcm', key, nonceFor(counter, last));
    counter += 1;
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG)), decipher.final()]);
    } catch (cause) {
      const what = counter === 1 ? 'this backup was changed, or the master key is another one' : DAMAGED;
      throw new BackupError(what, { cause });
    }
  };
  for await (const part of file) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    if (key === null) {
      if (rest.length < MAX_LINE && rest.indexOf(10) < 0) continue;
      const { header, line } = readHeader(rest);
      demandKey(header, master);
      key = keyFor(master, header, line);
      rest = rest.subarray(line.length);
    }
    while (rest.length > CHUNK + TAG) {
      yield decrypt(rest.subarray(0, CHUNK + TAG), false);
      rest = rest.subarray(CHUNK + TAG);
    }
  }
  if (key === null) readHeader(rest);
  yield decrypt(rest, true);
}

function demandKey(header: Header, master: MasterKey): void {
  if (header.masterKey === master.id) return;
  throw new BackupError(
    `this backup was made under master key ${header.masterKey}, but the key given is ${master.id}; ` +
      'restore that key first ("bartizan restore keys")',
  );
}

import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { z } from 'zod';
import { BackupError } from './error.ts';

/** The secret files of an instance, by name below its `keys` folder; text each. */
export type KeyFile = Readonly<Record<string, string>>;

const KeyContent = z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/), z.string().max(65_536));

/**
 * What lies on the disk: scrypt (RFC 7914) stretches the passphrase, AES-256-GCM seals the files, and everything
 * but the ciphertext is authenticated with it. Parameters above these are refused: reading a foreign file must
 * not take the machine's memory.
 */
const Sealed = z.strictObject({
  bartizan: z.literal('keys'),
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    n: z.literal([1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 19]),
    r: z.literal(8),
    p: z.literal(1),
    salt: z.base64().length(44),
  }),
  iv: z.base64().length(16),
  ciphertext: z.base64().max(2_000_000),
});
type Sealed = z.infer<typeof Sealed>;

const N = 1 << 17;
const MIN_PASSPHRASE = 12;
const MAX_FILE = 4_000_000;
const TAG = 16;

function stretch(passphrase: string, salt: Buffer, n: number): Promise<Buffer> {
  // scrypt takes 128·N·r bytes; Node wants to be told that this is meant.
  const options: ScryptOptions = { N: n, r: 8, p: 1, maxmem: 256 * n * 8 };
  return new Promise((settle, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) =>
      error ? reject(error) : settle(key),
    );
  });
}

const boundTo = (sealed: Sealed): Buffer => Buffer.from(JSON.stringify({ ...sealed, ciphertext: '' }));

/** Seals secrets under a passphrase of at least 12 characters; gives the file's text. */
export async function sealKeyFile(files: KeyFile, passphrase: string, nowMs: number): Promise<string> {
  if ([...passphrase].length < MIN_PASSPHRASE)
    throw new BackupError(`the passphrase needs at least ${MIN_PASSPHRASE} characters`);
  const salt = randomBytes(32);
  const iv = randomBytes(12);
  const sealed: Sealed = {
    bartizan: 'keys',
    format: 1,
    createdAt: new Date(nowMs).toISOString(),
    kdf: { name: 'scrypt', n: N, r: 8, p: 1, salt: salt.toString('base64') },
    iv: iv.toString('base64'),
    ciphertext: '',
  };
  const cipher = createCipheriv('aes-256-gcm', await stretch(passphrase, salt, N), iv);
  cipher.setAAD(boundTo(sealed));
  const content = Buffer.from(JSON.stringify(KeyContent.parse(files)));
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  return `${JSON.stringify({ ...sealed, ciphertext: ciphertext.toString('base64') })}\n`;
}

/** Inverse of {@link sealKeyFile}. Throws {@link BackupError} without saying whether file or passphrase is wrong. */
export async function openKeyFile(text: string, passphrase: string): Promise<KeyFile> {
  const sealed = parse(text);
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const key = await stretch(passphrase, Buffer.from(sealed.kdf.salt, 'base64'), sealed.kdf.n);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'));
    decipher.setAAD(boundTo(sealed));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
    const plain = Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - TAG)), decipher.final()]);
    return KeyContent.parse(JSON.parse(plain.toString()));
  } catch (cause) {
    throw new BackupError('the passphrase is another one, or the key file was changed', { cause });
  }
}

function parse(text: string): Sealed {
  if (text.length > MAX_FILE) throw new BackupError('this is no key file of Bartizan');
  try {
    return Sealed.parse(JSON.parse(text));
  } catch (cause) {
    throw new BackupError('this is no key file of Bartizan', { cause });
  }
}

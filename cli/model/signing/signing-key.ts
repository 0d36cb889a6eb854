import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  hashFor,
  readCertificates,
  SignatureError,
  type SigningKey,
} from '@bartizan/checks/signing/index.ts';
import { password } from '@clack/prompts';
import { CliError, EXIT } from '../../exit.ts';

/** Where scripts put the passphrase of an encrypted key. */
export const PASSPHRASE_VARIABLE = 'BARTIZAN_KEY_PASSPHRASE';

export interface KeyFlags {
  readonly key: string;
  readonly cert?: string;
  readonly chain?: string;
}

/** A file's text, or a message that names the file. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new CliError(`${file}: ${missing ? 'no such file' : 'cannot be read'}.`, EXIT.usage);
  }
}

/** As {@link readText}, with what a reader of signatures says against it. */
export function readFrom<T>(file: string, read: (text: string) => T): T {
  try {
    return read(readText(file));
  } catch (error) {
    if (error instanceof SignatureError) throw new CliError(`${file}: ${error.message}.`, EXIT.usage);
    throw error;
  }
}

/** The private key with its certificates; asks for the passphrase of an encrypted one. */
export async function readSigningKey({ key: file, cert, chain }: KeyFlags): Promise<SigningKey> {
  if (chain && !cert) throw new CliError('--chain needs --cert.', EXIT.usage);
  const pem = readText(file);
  const key = privateKey(file, pem, pem.includes('ENCRYPTED') ? await passphrase(file) : undefined);
  readFrom(file, () => hashFor(key));
  const certificates = [cert, chain].flatMap((one) => (one ? readFrom(one, readCertificates) : []));
  return { key, certificates };
}

function privateKey(file: string, pem: string, phrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(phrase === undefined ? {} : { passphrase: phrase }) });
  } catch {
    const why =
      phrase === undefined ? 'no PEM of a private key' : 'the passphrase is wrong, or the file is damaged';
    throw new CliError(`${file}: ${why}.`, EXIT.usage);
  }
}

async function passphrase(file: string): Promise<string> {
  const given = process.env[PASSPHRASE_VARIABLE];
  if (given !== undefined) return given;
  if (!process.stdin.isTTY)
    throw new CliError(`${file} is encrypted: set ${PASSPHRASE_VARIABLE}.`, EXIT.usage);
  const typed = await password({ message: `Passphrase of ${file}` });
  if (typeof typed === 'string') return typed;
  throw new CliError('Stopped. Nothing was signed.', EXIT.usage);
}

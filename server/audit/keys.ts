import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { AuditKey } from '@bartizan/contracts';
import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { keyChain, voucherText } from '@bartizan/contracts/tlog/checkpoint.ts';
import {
  createSigner,
  formatNote,
  type Signer,
  signingKeyFromPem,
  type Verifier,
} from '@bartizan/contracts/tlog/note.ts';
import { sql } from 'kysely';
import type { Executor } from './log.ts';
import { LogBroken } from './model.ts';

export interface KeyRow extends AuditKey {
  readonly sealedKey: string | null;
}

/** Public keys of the log, and the private one in use. */
export interface KeyRing {
  readonly signer: Signer;
  /** Keys that the first one vouches for, directly or through others. */
  readonly verifiers: readonly Verifier[];
}

const contextOf = (keyId: string): string => `audit-key:${keyId}`;
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** Newest first. */
export async function readKeys(within: Executor): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select key_id as "keyId", verifier_key as "verifierKey", sealed_key as "sealedKey", created_at as "createdAt",
      retired_at as "retiredAt", vouched_by as "vouchedBy"
    from audit_keys order by retired_at desc nulls first, created_at desc`.execute(within);
  return rows;
}

/** Opens the key in use. Throws {@link LogBroken} when it is not the one that was sealed, or nobody vouched for it. */
export function openKeys(rows: readonly KeyRow[], master: MasterKey): KeyRing {
  const inUse = rows.filter(({ retiredAt }) => retiredAt === null);
  const first = rows.find(({ vouchedBy }) => vouchedBy === null);
  const [current] = inUse;
  if (current === undefined || first === undefined || inUse.length !== 1 || current.sealedKey === null) {
    throw new LogBroken('key-altered', 'The keys that sign the log are not as they were left.');
  }
  const verifiers = keyChain(first.verifierKey, rows);
  const signer = signerOf(current, master);
  if (signer.verifierKey !== current.verifierKey || !verifiers.some(({ keyId }) => keyId === signer.keyId)) {
    throw new LogBroken(
      'key-altered',
      `The public key ${current.keyId} is not that of the sealed private key, or no earlier key vouches for it.`,
    );
  }
  return { signer, verifiers };
}

function signerOf({ verifierKey, keyId, sealedKey }: KeyRow, master: MasterKey): Signer {
  try {
    const pem = unseal(master, sealedKey ?? '', contextOf(keyId));
    return createSigner(verifierKey.split('+', 1)[0] ?? '', signingKeyFromPem(pem));
  } catch (cause) {
    throw new LogBroken('key-altered', `The private key ${keyId} that signs the log cannot be opened.`, {
      cause,
    });
  }
}

export interface NewKey {
  readonly origin: string;
  readonly master: MasterKey;
  readonly nowMs: number;
  /** The key in use until now, and the size of the tree when it hands over; null for the first key. */
  readonly before: { readonly signer: Signer; readonly size: number } | null;
}

/** Makes a key, retires the one before it and forgets its private part. */
export async function addKey(within: Executor, { origin, master, nowMs, before }: NewKey): Promise<AuditKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { keyId, verifierKey } = createSigner(origin, privateKey);
  const text = voucherText({ next: verifierKey, size: before?.size ?? 0 });
  const vouchedBy = before && formatNote({ text, signatures: [before.signer.sign(text)] });
  await sql`update audit_keys set retired_at = ${nowMs}, sealed_key = null where retired_at is null`.execute(
    within,
  );
  await sql`insert into audit_keys (key_id, verifier_key, sealed_key, created_at, vouched_by)
    values (${keyId}, ${verifierKey}, ${seal(master, pemOf(privateKey), contextOf(keyId))}, ${nowMs},
      ${vouchedBy})`.execute(within);
  return { keyId, verifierKey, createdAt: nowMs, retiredAt: null, vouchedBy };
}

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { AppError } from '../kernel/error.ts';

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Hashing at once: each takes a core for about 0.2 s and 32 MiB. */
const AT_ONCE = 2;
/** Waiting at most, so that a flood of logins is refused rather than queued. */
const WAITING = 20;

export interface PasswordCost {
  /** log2 of the scrypt N parameter. */
  readonly logN: number;
  readonly p: number;
}

/** N 2^15, r 8, p 3: one of the settings of the OWASP Password Storage Cheat Sheet. */
const COST: PasswordCost = Object.freeze({ logN: 15, p: 3 });
const R = 8;

export interface Passwords {
  readonly hash: (password: string) => Promise<string>;
  /** False for a wrong password; throws on a hash that is none of ours. */
  readonly verify: (input: { readonly hash: string; readonly password: string }) => Promise<boolean>;
  /** A hash that no password fits: checking against it takes as long as against a real one. */
  readonly decoy: string;
}

/** Runs at most `AT_ONCE` at a time and lets `WAITING` wait. */
function createGate(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (running >= AT_ONCE) {
      if (queue.length >= WAITING) {
        throw new AppError('too_many_requests', 'too many people sign in at this moment', {
          hint: 'Try again in a few seconds.',
          retryAfterMs: 5_000,
        });
      }
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      // The place passes to the next in line, or falls free.
      const next = queue.shift();
      if (next) next();
      else running--;
    }
  };
}

function derive(password: string, salt: Buffer, { logN, p }: PasswordCost): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** logN, r: R, p, maxmem: 2 * 128 * 2 ** logN * R };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** `$scrypt$ln=15,r=8,p=3$<salt>$<hash>` with unpadded base64, as in the PHC string format. */
const FORMAT = /^\$scrypt\$ln=(\d{1,2}),r=8,p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

/** scrypt (RFC 7914) with a random salt, compared in constant time. */
export function createPasswords(cost: PasswordCost = COST): Passwords {
  const gate = createGate();
  const decoy = `$scrypt$ln=${cost.logN},r=${R},p=${cost.p}$${base64(randomBytes(SALT_BYTES))}$${base64(randomBytes(KEY_BYTES))}`;
  return Object.freeze({
    decoy,
    hash: (password: string) =>
      gate(async () => {
        const salt = randomBytes(SALT_BYTES);
        const key = await derive(password, salt, cost);
        return `$scrypt$ln=${cost.logN},r=${R},p=${cost.p}$${base64(salt)}$${base64(key)}`;
      }),
    verify: ({ hash, password }: { hash: string; password: string }) =>
      gate(async () => {
        const [, logN, p, salt, key] = FORMAT.exec(hash) ?? [];
        if (!salt || !key) throw new Error('a stored password hash is not in the expected form');
        const found = await derive(password, Buffer.from(salt, 'base64'), {
          logN: Number(logN),
          p: Number(p),
        });
        return timingSafeEqual(found, Buffer.from(key, 'base64'));
      }),
  });
}

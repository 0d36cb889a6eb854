import { createHmac, randomBytes } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Clock } from '../../kernel/clock.ts';
import { type Auth, type Caller, deriveKey } from '../auth.ts';
import { sameSecret } from '../tokens.ts';

const LIFE_SECONDS = 180 * 24 * 60 * 60;

/**
 * Browsers that signed in to an account carry a cookie that says so. Guesses from them are counted apart, so
 * that somebody who guesses at an account from elsewhere cannot lock its owner out. The cookie opens nothing.
 */
export interface Devices {
  /** Set-Cookie header for a browser in which `account` just signed in. */
  readonly remember: (account: string) => string;
  /** A name for the caller's browser, if `account` signed in there before. */
  readonly known: (account: string, caller: Pick<Caller, 'cookie'>) => string | undefined;
}

export interface DevicesDeps {
  readonly auth: Pick<Auth, 'sideCookie' | 'readSide'>;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
}

export function createDevices({ auth, masterKey, clock }: DevicesDeps): Devices {
  const key = deriveKey(masterKey, 'known-devices');
  const macOf = (account: string, nonce: string, until: string) =>
    createHmac('sha256', key).update(`${account}\n${nonce}\n${until}`).digest('base64url');
  return Object.freeze({
    remember(account: string) {
      const nonce = randomBytes(16).toString('base64url');
      const until = `${Math.floor(clock.now() / 1000) + LIFE_SECONDS}`;
      return auth.sideCookie('device', `${nonce}.${until}.${macOf(account, nonce, until)}`, LIFE_SECONDS);
    },
    known(account: string, caller: Pick<Caller, 'cookie'>) {
      const [nonce = '', until = '', mac = ''] = (auth.readSide('device', caller) ?? '').split('.');
      if (!sameSecret(mac, macOf(account, nonce, until))) return undefined;
      return Number(until) * 1000 > clock.now() ? nonce : undefined;
    },
  });
}

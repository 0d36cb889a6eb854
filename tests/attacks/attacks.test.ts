import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confusionAttacks } from './confusion.ts';
import { elsewhereAttacks } from './elsewhere.ts';
import { passkeyAttacks } from './passkeys.ts';
import { raceAttacks } from './races.ts';
import { replayAttacks } from './replay.ts';
import { sessionAttacks } from './sessions.ts';
import { ssoAttacks } from './single-sign-on.ts';
import { createSuite } from './suite.ts';
import { wireAttacks } from './wire-attacks.ts';

const suite = createSuite();
beforeAll(() => suite.begin());
afterAll(() => suite.end());

describe('sessions', () => sessionAttacks(suite));
describe('used again', () => replayAttacks(suite));
describe('at the same moment', () => raceAttacks(suite));
describe('from elsewhere', () => elsewhereAttacks(suite));
describe('between the lines of HTTP', () => wireAttacks(suite));
describe('passkeys', () => passkeyAttacks(suite));
describe('single sign-on', () => ssoAttacks(suite));
describe('credentials of another kind', () => confusionAttacks(suite));

test('nothing of it brought a server down', () => {
  expect(suite.target().alive()).toBe(true);
});

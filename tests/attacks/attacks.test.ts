import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confusionAttacks } from './confusion.ts';
import { elsewhereAttacks } from './elsewhere.ts';
import { guessingAttacks } from './guessing.ts';
import { passkeyAttacks } from './passkeys.ts';
import { privilegeAttacks } from './privilege.ts';
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
describe('more than one was given', () => privilegeAttacks(suite));
describe('guessing', () => guessingAttacks(suite));
describe('credentials of another kind', () => confusionAttacks(suite));

describe('after all of it', () => {
  test('no server went down', () => {
    expect(suite.target().alive()).toBe(true);
  });

  test('nothing failed on our side', () => {
    const failed = suite.target().answers.filter(({ status }) => status >= 500 && status !== 503);
    expect(failed.map(({ text }) => text)).toEqual([]);
  });

  test('no secret stands in the logs, nor in an error', () => {
    const { kept, answers, log } = suite.target();
    const secrets = [...kept].filter((secret) => secret.length >= 10);
    expect(secrets.length).toBeGreaterThan(100);
    const errors = answers.filter(({ status }) => status >= 400).map(({ text }) => text);
    expect(errors.length).toBeGreaterThan(500);
    const said = log() + errors.join('\n');
    expect(said.length).toBeGreaterThan(10_000);
    expect(
      secrets.filter((secret) => said.includes(secret) || said.includes(decodeURIComponent(secret))),
    ).toEqual([]);
  });

  test('no secret stands in the database as it is, nor in the audit log', async () => {
    const { kept, dump } = suite.target();
    const rows = await dump();
    expect(rows).toContain('people.sign-in-refused');
    expect([...kept].filter((secret) => secret.length >= 10 && rows.includes(secret))).toEqual([]);
  });

  test('no error shows how we are built', () => {
    const errors = suite.target().answers.filter(({ status }) => status >= 400);
    const telling = /node_modules|\.ts:\d|at \w+ \(|select |insert |postgres|kysely|fastify/i;
    expect(errors.map(({ text }) => text).filter((text) => telling.test(text))).toEqual([]);
  });

  test('there were enough different attacks', () => {
    expect(new Set(suite.names).size).toBe(suite.names.length);
    expect(suite.names.length).toBeGreaterThanOrEqual(150);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confusionAttacks } from './confusion.ts';
import { sessionAttacks } from './sessions.ts';
import { createSuite } from './suite.ts';

const suite = createSuite();
beforeAll(() => suite.begin());
afterAll(() => suite.end());

describe('sessions', () => sessionAttacks(suite));
describe('credentials of another kind', () => confusionAttacks(suite));

test('nothing of it brought a server down', () => {
  expect(suite.target().alive()).toBe(true);
});

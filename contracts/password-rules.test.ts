import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Password } from './identity.ts';
import { whyGuessable } from './password-rules.ts';

test.each([
  'passwordpassword',
  'PasswordPassword1!',
  'password password',
  'aaaaaaaaaaaa',
  'abababababab',
  'abcabcabcabcabc',
  '123123123123',
  '123456789012',
  'abcdefghijklmnop',
  'zyxwvutsrqponm',
  'aabbccddeeff',
  'qwertyuiop123',
  'QWERTYasdfgh',
  'qwertzuiop123!',
  '!@#$%^&*()_+',
  '1qaz2wsx3edc',
  'q1w2e3r4t5y6',
  'Password1234',
  'Password2026!!',
  'P@ssw0rd12345',
  'pa55w0rd-pa55w0rd!',
  'Summer2026!!!!',
  'welcome-welcome',
  'Welcome123456',
  'letmein123456',
  'adminadmin2026',
  'bartizan-bartizan',
  'Bartizan12345',
  'Bartizan-2026-admin',
  'iloveyou123456',
  'correct horse battery staple',
  '            ',
  'motdepasse123',
  '147258369147',
])('%s is refused', (password) => {
  expect(whyGuessable(password)).toMatch(/guessed/);
  expect(Password.safeParse(password).success).toBe(false);
});

test.each([
  'correct horse battery',
  'gravel tulip monday oxide',
  'copper lantern winter ferry',
  'another quiet harbour morning',
  'another horse, another battery',
  'a long enough password',
  'a password of my own',
  'a long new password',
  'a wholly new password',
  'a much better password',
  'Tr0ub4dor&3xQ',
  'x7#Kp2!vNq9z',
  'früher tanzten drei Bären',
  '東京の夜は静かで星が見える',
])('%s is taken', (password) => {
  expect(whyGuessable(password)).toBeNull();
  expect(Password.safeParse(password).success).toBe(true);
});

test('what is known of a person counts as little as a common word', () => {
  const owner = { name: 'Adaline Byronova', email: 'a.lovelace@analytical.example' };
  for (const password of [
    'Adaline-Byronova1',
    'lovelace-analytical',
    'a.lovelace2026!',
    'Lovelace12345',
    'AdalineAdaline!',
  ])
    expect([password, whyGuessable(password, owner) !== null]).toEqual([password, true]);
  expect(whyGuessable('Adaline-Byronova1')).toBeNull();
  expect(whyGuessable('copper lantern winter ferry', owner)).toBeNull();
});

test('length comes first, and nothing that was typed is in the message', () => {
  const short = Password.safeParse('short');
  expect(short.error?.issues.map(({ message }) => message)).toEqual(['use at least 12 characters']);
  const common = Password.safeParse('passwordpassword');
  expect(common.error?.issues).toHaveLength(1);
  expect(common.error?.issues[0]?.message).not.toContain('passwordpassword');
});

test('whatever is given is judged, alike in capitals, and repeating adds nothing', () => {
  const any = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(any, any, any, (password, name, email) => {
      const why = whyGuessable(password, { name, email });
      expect(why === null || why.length > 20).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 7 }), fc.integer({ min: 2, max: 20 }), (unit, times) => {
      expect(whyGuessable(unit.repeat(times))).not.toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9 ]{12,40}$/), (password) => {
      expect(whyGuessable(password.toUpperCase())).toBe(whyGuessable(password));
    }),
  );
});

test('random passwords and words of a list are taken', () => {
  const signs = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789#%+=?';
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...signs), { minLength: 14, maxLength: 20 }), (characters) => {
      expect(whyGuessable(characters.join(''))).toBeNull();
    }),
    { seed: 7, numRuns: 200 },
  );
});

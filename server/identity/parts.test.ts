import { ALL_PERMISSIONS, ROLES } from '@bartizan/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressKey } from './attempts.ts';
import { bylineOf, keyPermissions, permissionsOf, within } from './model.ts';
import { createPasswords } from './passwords.ts';
import { hashToken, newKey, sameSecret } from './tokens.ts';

test('a byline begins with the owner, and is short whatever they are called', () => {
  expect(bylineOf({ owner_name: 'shop-bot', name: 'deploys' })).toBe('shop-bot (key deploys)');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (owner, name) => {
      const line = bylineOf({ owner_name: owner, name });
      expect([...line].length).toBeLessThanOrEqual(207);
      expect(line).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      expect(line.endsWith(')')).toBe(true);
    }),
  );
  const long = bylineOf({ owner_name: '😀'.repeat(300), name: 'x'.repeat(300) });
  expect(long).toBe(`${'😀'.repeat(99)}… (key ${'x'.repeat(99)}…)`);
});

describe('passwords', () => {
  const passwords = createPasswords({ logN: 8, p: 1 });

  test('verify what was hashed and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 40 }),
        fc.string({ maxLength: 40 }),
        async (a, b) => {
          const hash = await passwords.hash(a);
          expect(await passwords.verify({ hash, password: a })).toBe(true);
          expect(await passwords.verify({ hash, password: b })).toBe(
            a.normalize('NFKC') === b.normalize('NFKC'),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  test('never hash alike, and keep their cost in the hash', async () => {
    expect(await passwords.hash('same')).not.toBe(await passwords.hash('same'));
    const dear = await createPasswords({ logN: 9, p: 2 }).hash('moved');
    expect(dear).toContain('$scrypt$ln=9,r=8,p=2$');
    expect(await passwords.verify({ hash: dear, password: 'moved' })).toBe(true);
    await expect(passwords.verify({ hash: 'plain', password: 'plain' })).rejects.toThrow('form');
  });

  test('a flood is refused, not queued without end, and passes', async () => {
    const slow = createPasswords({ logN: 12, p: 1 });
    const flood = await Promise.allSettled(Array.from({ length: 60 }, () => slow.hash('x')));
    expect(flood.filter(({ status }) => status === 'fulfilled').length).toBe(22);
    expect(await slow.hash('x')).toContain('$scrypt$');
  });

  test('the default costs what the source says', async () => {
    expect(await createPasswords().hash('x')).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
  });
});

describe('attempts', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe('tokens', () => {
  test('are long, distinct and recognisable', () => {
    const many = new Set(Array.from({ length: 1000 }, () => newKey().secret));
    expect(many.size).toBe(1000);
    for (const secret of many) expect(secret).toMatch(/^bz_[\w-]{43}$/);
  });

  test('same means same', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => sameSecret(a, b) === (a === b) && sameSecret(a, a)),
    );
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('what a key may do', () => {
  const scopes = fc.uniqueArray(fc.constantFrom(...ALL_PERMISSIONS, 'gateway.invoke' as const));
  const roles = fc.uniqueArray(fc.constantFrom(...ROLES));

  test('lies within its scopes and within its owner, and is all of what lies in both', () => {
    fc.assert(
      fc.property(scopes, roles, (given, ofOwner) => {
        const may = keyPermissions({ scopes: given, owner_roles: ofOwner });
        const owner = permissionsOf(ofOwner);
        expect(within(may, owner)).toBe(true);
        expect(within(may, new Set<string>(given))).toBe(true);
        for (const one of given)
          if (one !== 'gateway.invoke' && owner.has(one)) expect(may.has(one)).toBe(true);
      }),
    );
  });
});

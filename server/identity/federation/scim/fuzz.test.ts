import { SsoProviderFields } from '@bartizan/contracts';
import { cpuMs } from '@bartizan/contracts/testing.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { localPath } from '../sso/attempt.ts';
import { claimAt, readIdentity } from '../sso/claims.ts';
import { matches, parseFilter } from './filter.ts';
import { applyPatch, parsePath } from './patch.ts';
import { ScimProblem } from './problem.ts';
import { readUser } from './user-resource.ts';

/** Runs something that may refuse, but in no other way than that. */
function refusing<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (error instanceof ScimProblem) return null;
    throw error;
  }
}

const word = fc.constantFrom(
  'userName',
  'emails',
  'active',
  'a.b',
  'eq',
  'ne',
  'co',
  'pr',
  'and',
  'or',
  'not',
  '(',
  ')',
  '[',
  ']',
  '"x"',
  '"',
  '\\',
  'true',
  'null',
  '3',
  '-1.5',
  '__proto__',
  'constructor',
  'urn:ietf:params:scim:schemas:core:2.0:User:userName',
  ' ',
  '.',
  '',
);
const nearly = fc.array(word, { maxLength: 40 }).map((words) => words.join(' '));
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom('False', 'x@y.example', '', 7, null, true),
);

describe('a filter', () => {
  test('of any text is read or refused, and what is read can be asked of anything', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 300 }), nearly), fc.jsonValue(), (text, resource) => {
        const filter = refusing(() => parseFilter(text));
        if (filter) expect(typeof matches(filter, resource)).toBe('boolean');
      }),
      { numRuns: 5_000 },
    );
  });

  test('is read in a time that its length bounds', () => {
    const started = cpuMs();
    for (const text of [
      '('.repeat(1_000),
      '\\'.repeat(1_000),
      `"${'\\"'.repeat(499)}`,
      ' '.repeat(1_000),
      'a eq "'.repeat(166),
      `${'not ('.repeat(200)}`,
    ])
      for (let times = 0; times < 50; times++) refusing(() => parseFilter(text));
    expect(cpuMs() - started).toBeLessThan(5_000);
  });

  test('and its opposite divide everything', () => {
    const texts = fc.constantFrom('a eq "x"', 'a pr', 'a.b gt 3', 'a[b eq "c"]', 'a co "x" or b eq true');
    fc.assert(
      fc.property(texts, fc.jsonValue(), (text, resource) => {
        expect(matches(parseFilter(text), resource)).not.toBe(
          matches(parseFilter(`not (${text})`), resource),
        );
      }),
    );
  });

  test('finds exactly the text that it names, however that is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const filter = refusing(() => parseFilter(`externalId eq ${JSON.stringify(text)}`));
        // JSON leaves some control characters as they are; those are refused.
        if (filter) {
          expect(matches(filter, { externalId: text })).toBe(true);
          expect(matches(filter, { externalId: `${text}x` })).toBe(false);
        }
      }),
    );
  });
});

describe('a patch', () => {
  const path = fc.oneof(
    nearly,
    fc.string({ maxLength: 60 }),
    fc.constantFrom('emails[type eq "work"].value', 'name.givenName', 'members', 'active'),
  );
  const operation = fc.oneof(
    fc.record({
      op: fc.constantFrom('add', 'Replace', 'REMOVE', 'x'),
      path: fc.option(path, { nil: undefined }),
      value,
    }),
    value,
  );

  test('of any operations gives a resource or is refused; the one before and the prototypes stay', () => {
    const before = {
      userName: 'u@corp.example',
      emails: [{ type: 'work', value: 'u@corp.example' }],
      members: [{ value: 'a' }],
    };
    const kept = JSON.stringify(before);
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), (Operations) => {
        const after = refusing(() => applyPatch(before, { Operations }));
        expect(JSON.stringify(before)).toBe(kept);
        expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('admin');
        if (after) {
          expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
          refusing(() => readUser(after));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('that adds and then removes leaves what was there', () => {
    const id = fc.uuid();
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 10 }), id, (ids, other) => {
        fc.pre(!ids.includes(other));
        const members = ids.map((each) => ({ value: each }));
        const added = applyPatch(
          { members },
          { Operations: [{ op: 'add', path: 'members', value: [{ value: other }] }] },
        );
        for (const remove of [
          { op: 'remove', path: `members[value eq "${other}"]` },
          { op: 'Remove', path: 'members', value: [{ value: other }] },
        ])
          expect(applyPatch(added, { Operations: [remove] })).toEqual({ members });
      }),
    );
  });

  test('path of any text is read or refused', () => {
    fc.assert(
      fc.property(path, (text) => void refusing(() => parsePath(text))),
      { numRuns: 3_000 },
    );
  });
});

describe('a user', () => {
  test('of any shape is read or refused', () => {
    const body = fc.record(
      { userName: value, emails: value, name: value, active: value, displayName: value, externalId: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(body, (given) => {
        const user = refusing(() => readUser(given));
        if (user) {
          expect(user.email).toMatch(/^[^@\s]+@[^@\s]+$/);
          expect(user.displayName.length).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('claims', () => {
  const settings = SsoProviderFields.parse({
    label: 'x',
    issuer: 'https://x.example',
    clientId: 'x',
    trustedForMfa: true,
  });

  test('of any shape make an identity whose parts are what they should be', () => {
    const claims = fc.record(
      { email: value, email_verified: value, name: value, groups: value, amr: value, acr: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(claims, (given) => {
        const identity = readIdentity({ ...given, iss: 'https://x.example', sub: 's' }, settings);
        expect(identity.email === null || typeof identity.email === 'string').toBe(true);
        expect(typeof identity.emailVerified).toBe('boolean');
        expect(identity.groups.every((group) => typeof group === 'string')).toBe(true);
        expect(identity.name.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  test('are found by their own name first, then by the path, and never on a prototype', () => {
    expect(claimAt({ 'https://x.example/roles': ['a'] }, 'https://x.example/roles')).toEqual(['a']);
    expect(claimAt({ realm_access: { roles: ['b'] } }, 'realm_access.roles')).toEqual(['b']);
    expect(claimAt({ 'a.b': 1, a: { b: 2 } }, 'a.b')).toBe(1);
    for (const path of ['__proto__', 'constructor', 'constructor.name', 'toString', 'a.constructor'])
      expect(claimAt({ a: {} }, path)).toBeUndefined();
  });
});

test('a path to go back to stays on this host, whatever is asked for', () => {
  const part = fc.constantFrom(
    '/',
    '//',
    '\\',
    '.',
    '..',
    '%2f',
    '%5c',
    '@',
    ':',
    'evil.example',
    'a',
    '?',
    '#',
    '\t',
    '\n',
    ' ',
    'https:',
    'javascript:',
  );
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    fc.webUrl(),
  );
  fc.assert(
    fc.property(text, (wanted) => {
      const path = localPath(wanted);
      const url = new URL(path, 'https://console.example');
      expect(url.origin).toBe('https://console.example');
      expect(path).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
      // A proxy or browser that undoes one level of percent-encoding gets no other host out of it either.
      expect(new URL(path, 'http://console.example:7600').host).toBe('console.example:7600');
    }),
    { numRuns: 5_000 },
  );
});

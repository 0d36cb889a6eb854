import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCertificate } from './certificate.ts';
import {
  bindingOf,
  type DigestedFile,
  describeSigner,
  FILES_V1,
  filesDigest,
  fitsPattern,
  modelStatement,
  outcomeOf,
  parseBundle,
  parseStatement,
  provenanceOf,
  provenanceStatement,
  readTrustedRoot,
  rootDigest,
  SIGNATURE_CODES,
  signStatement,
  verifyModel,
} from './index.ts';
import { parseStrictJson } from './strict-json.ts';
import { issue, NOW_MS, newKey } from './testing/pki.ts';

const LIMITS = { maxBytes: 10_000, maxDepth: 8, maxValues: 100 };
const parse = (text: string | Uint8Array) =>
  outcomeOf(() => parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text, LIMITS));

describe('JSON that signatures are about', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3, noUnicodeString: false }), (text) => {
        const outcome = parse(text);
        if (outcome.ok) expect(outcome.value).toEqual(JSON.parse(text));
        else expect(['too_large', 'malformed']).toContain(outcome.code);
      }),
    );
  });

  test.each<[string, string | Uint8Array, string]>([
    ['twice the same name', '{"a":1,"a":2}', 'malformed'],
    ['the same name written differently', '{"a":1,"\\u0061":2}', 'malformed'],
    ['the same name deep inside', '[{"b":{"a":1,"c":[{}],"a":2}}]', 'malformed'],
    ['a name with a meaning', '{"__proto__":{}}', 'malformed'],
    ['half a surrogate in a name', '{"\\ud800":1}', 'malformed'],
    ['too deep', `${'['.repeat(9)}${']'.repeat(9)}`, 'too_large'],
    ['too many values', `[${'0,'.repeat(101)}0]`, 'too_large'],
    ['too long', `"${'a'.repeat(10_001)}"`, 'too_large'],
    ['no end of a string', `"${'\\"'.repeat(4000)}`, 'malformed'],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), 'malformed'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'malformed'],
    ['two values', '{} {}', 'malformed'],
    ['nothing', '', 'malformed'],
    ['brackets that do not match', '{"a":[}]', 'malformed'],
    ['a comment', '{/**/}', 'malformed'],
  ])('is refused with %s', (_, text, code) => {
    expect(parse(text)).toMatchObject({ ok: false, code });
  });

  test('names in different objects may be the same, and strings hold anything', () => {
    expect(parse('[{"a":"{\\"a\\":1,"},{"a":"}"},{"b":{"a":[]},"a":","}]').ok).toBe(true);
  });

  test('a payload as large as allowed takes no stack', () => {
    const text = `{"payload":"${'A'.repeat(8_000_000)}"}`;
    expect(outcomeOf(() => parseStrictJson(Buffer.from(text), { ...LIMITS, maxBytes: 9_000_000 })).ok).toBe(
      true,
    );
  });
});

const STATEMENT = modelStatement({
  modelName: 'm',
  ignoredPaths: ['.git'],
  allowsSymlinks: false,
  resources: [{ name: 'a/b', digest: 'a'.repeat(64) }],
});

describe('foreign bytes', () => {
  const key = newKey();
  const bundle = signStatement(STATEMENT, { key, certificates: [] });

  /** Cuts, repeats, swaps and flips; what comes of it is judged, never thrown. */
  const mutated = (text: string) =>
    fc
      .array(fc.tuple(fc.nat(), fc.nat(60), fc.constantFrom('cut', 'repeat', 'flip', 'digit', 'null')), {
        minLength: 1,
        maxLength: 4,
      })
      .map((steps) =>
        steps.reduce((now, [place, length, what]) => {
          const at = place % (now.length + 1);
          const [head, part, tail] = [now.slice(0, at), now.slice(at, at + length), now.slice(at + length)];
          if (what === 'cut') return head + tail;
          if (what === 'repeat') return head + part + part + tail;
          if (what === 'digit') return head + part.replace(/[0-9]/g, '9999999999') + tail;
          if (what === 'null') return head + part.replace(/"[^"]*"/, 'null') + tail;
          return head + part.split('').toReversed().join('') + tail;
        }, text),
      );

  test('as a bundle end in one of the known codes', () => {
    fc.assert(
      fc.property(mutated(bundle), (text) => {
        const outcome = outcomeOf(() => {
          describeSigner(parseBundle(Buffer.from(text)));
          return verifyModel(Buffer.from(text), { type: 'key', key });
        });
        if (!outcome.ok) expect(SIGNATURE_CODES).toContain(outcome.code);
        else expect(outcome.value.manifest.resources).toEqual([{ name: 'a/b', digest: 'a'.repeat(64) }]);
      }),
      { numRuns: 1500 },
    );
  });

  test('as a statement, provenance or trusted root do as well', () => {
    const slsa = provenanceStatement({
      subject: { name: 'm', files: [{ path: 'm', sha256: 'a'.repeat(64) }] },
      buildType: 'urn:t',
      builder: 'urn:b',
      invocation: 'i',
      startedAt: NOW_MS,
      finishedAt: NOW_MS,
      parameters: {},
      dependencies: [{ uri: 'git+https://h/r', digest: { gitCommit: 'c' } }],
    });
    fc.assert(
      fc.property(mutated(slsa), (text) => {
        outcomeOf(() => provenanceOf(parseStatement(Buffer.from(text))));
        outcomeOf(() => readTrustedRoot(Buffer.from(text)));
      }),
      { numRuns: 1000 },
    );
  });

  test('as a certificate do as well', async () => {
    const { raw } = (await issue({ names: [{ type: 'email', value: 'a@b.c' }] })).certificate.x509;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(raw.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(raw.length),
        (edits, cut) => {
          const bytes = Buffer.from(raw);
          for (const [at, value] of edits) bytes[at] = value;
          outcomeOf(() => readCertificate(bytes));
          outcomeOf(() => readCertificate(bytes.subarray(0, cut)));
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe('patterns of names', () => {
  test('mean what a regular expression would mean', () => {
    const text = fc.stringMatching(/^[ab*.]{0,12}$/);
    fc.assert(
      fc.property(text, text, (one, pattern) => {
        const parts = pattern.split('*').map((part) => part.replace(/\./g, '\\.'));
        expect(fitsPattern(one, pattern)).toBe(new RegExp(`^${parts.join('.*')}$`, 's').test(one));
      }),
    );
  });
  test('do not take long', () => {
    expect(fitsPattern('a'.repeat(1000), `${'*a'.repeat(200)}b`)).toBe(false);
  });
});

describe('provenance', () => {
  const file = (path: string, digit: string) => ({ path, sha256: digit.repeat(64) });
  const about = (digests: readonly string[]) =>
    parseStatement(
      Buffer.from(
        JSON.stringify({
          _type: 'https://in-toto.io/Statement/v1',
          predicateType: 'https://example.com/x/v1',
          predicate: {},
          subject: digests.map((sha256) => ({ name: 'x', digest: { sha256 } })),
        }),
      ),
    );

  const each = (files: readonly DigestedFile[]) =>
    files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }));
  const by = (subject: readonly object[]) => {
    const statement = about(['0'.repeat(64)]);
    return parseStatement(Buffer.from(JSON.stringify({ ...statement, subject })));
  };

  test('is about the contents of a version by their digest, in either order of its files', () => {
    const files = [file('a.b', '1'), file('a/b', '2')];
    expect(bindingOf(about([rootDigest(['1'.repeat(64), '2'.repeat(64)])]), files)).toBe('contents');
    expect(bindingOf(about([rootDigest(['2'.repeat(64), '1'.repeat(64)])]), files)).toBe('contents');
    expect(bindingOf(about(['3'.repeat(64)]), files)).toBeNull();
    expect(bindingOf(about(['3'.repeat(64)]), [])).toBeNull();
  });

  test('is about the files of a version when it names each of them, and nothing else', () => {
    const files = [file('a', '1'), file('model', '2')];
    expect(bindingOf(by(each(files)), files)).toBe('names');
    expect(bindingOf(by(each(files).toReversed()), files)).toBe('names');
    // The same contents without names, under other names, of fewer and of more files.
    expect(bindingOf(about(['1'.repeat(64), '2'.repeat(64)]), files)).toBeNull();
    expect(
      bindingOf(by(each([file('tests/evil.pkl', '2'), file('model', '3')])), [file('model', '2')]),
    ).toBeNull();
    expect(bindingOf(by(each([file('model', '1'), file('a', '2')])), files)).toBeNull();
    expect(bindingOf(by(each([...files, file('b', '3')])), files)).toBeNull();
    expect(bindingOf(by(each(files.slice(1))), files)).toBeNull();
    expect(bindingOf(by(each([...files, file('a', '3')])), files)).toBeNull();
    expect(bindingOf(by(each([file('a', '3'), ...files])), files)).toBeNull();
  });

  test('of ours binds names: no other set of files has its digest', () => {
    const given = { buildType: 't', builder: 'b', invocation: null, startedAt: 1, finishedAt: 2 };
    const ours = (files: readonly DigestedFile[]) =>
      parseStatement(
        Buffer.from(
          provenanceStatement({ ...given, subject: { name: 'm', files }, parameters: {}, dependencies: [] }),
        ),
      );
    const [files, renamed] = [
      [file('a.txt', '1'), file('b.txt', '2')],
      [file('__init__.py', '1'), file('model.pkl', '2')],
    ];
    expect(bindingOf(ours(files), files)).toBe('names');
    expect(bindingOf(ours(files), renamed)).toBeNull();
    const { subject } = ours(files);
    expect(subject[0]?.digest).toEqual({
      sha256: rootDigest(['1'.repeat(64), '2'.repeat(64)]),
      [FILES_V1]: filesDigest(files),
    });
    expect(bindingOf(by([{ name: 'm', digest: { [FILES_V1]: filesDigest(files) } }]), files)).toBe('names');
    const wrong = { sha256: '0'.repeat(64), [FILES_V1]: filesDigest(files) };
    expect(bindingOf(by([{ name: 'm', digest: wrong }]), files)).toBeNull();
    const path = fc.stringMatching(/^[ab/]{1,4}$/);
    const set = fc.uniqueArray(fc.record({ path, sha256: fc.constantFrom('1'.repeat(64), '2'.repeat(64)) }), {
      selector: (one) => one.path,
      maxLength: 4,
    });
    const key = (all: readonly DigestedFile[]) =>
      JSON.stringify(all.map((one) => `${one.path}=${one.sha256}`).toSorted());
    fc.assert(
      fc.property(set, set, (one, other) => {
        expect(filesDigest(one) === filesDigest(other)).toBe(key(one) === key(other));
      }),
      { numRuns: 500 },
    );
  });

  test('is read into what people ask for, foreign text cut short and made visible', () => {
    const text = provenanceStatement({
      subject: { name: 'm', files: [{ path: 'm', sha256: 'a'.repeat(64) }] },
      buildType: 'urn:t',
      builder: `urn:b\u202e\n${'x'.repeat(1000)}`,
      invocation: 'run-1',
      startedAt: NOW_MS,
      finishedAt: null,
      parameters: {},
      dependencies: [
        ...Array.from({ length: 120 }, (_, i) => ({ name: `dataset ${i}`, digest: { sha256: 'd' } })),
        {
          uri: 'git+https://user:secret@git.example.com/acme/model@refs/heads/main',
          digest: { gitCommit: 'c0ffee' },
        },
      ],
    });
    const provenance = provenanceOf(parseStatement(Buffer.from(text)));
    expect(provenance).toMatchObject({
      buildType: 'urn:t',
      invocation: 'run-1',
      startedAt: NOW_MS,
      finishedAt: null,
      moreMaterials: 21,
      source: { repository: 'https://git.example.com/acme/model', revision: 'c0ffee' },
    });
    expect(provenance?.materials[0]).toEqual({ name: 'dataset 0', uri: null, digest: 'sha256:d' });
    expect(provenance?.builder).toHaveLength(500);
    expect(provenance?.builder).toMatch(/^urn:b x+$/);
    expect(provenanceOf(about(['1'.repeat(64)]))).toBeNull();
  });
});

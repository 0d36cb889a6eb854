import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble, callOf, op } from '../pickle/assemble.ts';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import type { ScanLimits, ScanOutcome } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { makeTar, makeZip } from './make.ts';

const scan = (content: Uint8Array, limits: Partial<ScanLimits> = {}): Promise<ScanOutcome> =>
  scanArtifact(bytesSource(content), { limits });
const verdict = async (content: Uint8Array, limits?: Partial<ScanLimits>): Promise<string> =>
  verdictOf(await scan(content, limits));
const messages = async (content: Uint8Array): Promise<string> =>
  (await scan(content)).findings.map(({ message }) => message).join(' ');

const evil = assemble(callOf('os', 'system', 'id'));
const good = assemble(op.emptyDict, op.mark, op.text('w'), op.int(1), op.setItems);
const torch = (pickle: Uint8Array): Buffer =>
  makeZip([
    { name: 'm/data.pkl', content: pickle },
    { name: 'm/version', content: Buffer.from('3\n') },
    { name: 'm/data/0', content: Buffer.alloc(64) },
  ]);
const FOUND = ['malicious', 'suspicious'];

describe('zip', () => {
  test('a torch file is judged by its pickle', async () => {
    expect(await scan(torch(good))).toMatchObject({ format: 'torch', findings: [], errors: [] });
    const outcome = await scan(torch(evil));
    expect(verdictOf(outcome)).toBe('malicious');
    expect(outcome.findings[0]).toMatchObject({ path: 'm/data.pkl', offset: evil.length - 2 });
  });

  test('two names for one entry', async () => {
    const content = makeZip([{ name: 'notes.txt', content: evil, local: { name: 'data.pkl' } }]);
    expect(await verdict(content)).toBe('malicious');
    expect(await messages(content)).toContain('"notes.txt" is called "data.pkl"');
  });

  test.each([0x1, 0x20, 0x40, 0x2000])('flag %i that makes readers pass over an entry', async (flags) => {
    for (const deflate of [false, true]) {
      expect(await verdict(makeZip([{ name: 'a', content: evil, flags, deflate }]))).toBe('malicious');
      expect(await verdict(makeZip([{ name: 'a', content: evil, deflate, local: { flags } }]))).toBe(
        'malicious',
      );
      expect(await verdict(makeZip([{ name: 'a', content: good, flags, deflate }]))).toBe('suspicious');
    }
  });

  test('an entry that is really encrypted is an error', async () => {
    const noise = Buffer.from('2f9c1e7ab4d05581c3a6', 'hex');
    expect(await verdict(makeZip([{ name: 'a', content: noise, flags: 1, crc: 12 }]))).toBe('error');
  });

  test('a flag and a wrong checksum together hide nothing', async () => {
    expect(FOUND).toContain(await verdict(makeZip([{ name: 'a', content: evil, flags: 1, crc: 12 }])));
    expect(await verdict(makeZip([{ name: 'a', content: good, flags: 1, crc: 12 }]))).toBe('error');
  });

  test('a wrong checksum hides nothing', async () => {
    expect(await verdict(makeZip([{ name: 'a', content: evil, crc: 7 }]))).toBe('malicious');
    expect(await verdict(makeZip([{ name: 'a', content: good, crc: 7 }]))).toBe('suspicious');
  });

  test('headers that name different compressions or sizes: both readings are judged', async () => {
    const stored = makeZip([{ name: 'a', content: evil, local: { method: 8 } }]);
    expect(await verdict(stored)).toBe('malicious');
    const short = makeZip([
      { name: 'a', content: Buffer.concat([good, evil]), local: { packed: good.length } },
    ]);
    expect(await verdict(short)).toBe('malicious');
  });

  test('entries that are not in the directory', async () => {
    const content = makeZip([
      { name: 'a', content: good },
      { name: 'b', content: evil, unlisted: true },
      { name: 'c', content: good },
    ]);
    expect(await verdict(content)).toBe('malicious');
    expect(await verdict(makeZip([{ name: 'b', content: evil, unlisted: true }]))).toBe('malicious');
  });

  test('two entries of one name', async () => {
    const content = makeZip([
      { name: 'a', content: good },
      { name: 'a', content: good },
    ]);
    expect(await messages(content)).toContain('Two entries are called "a"');
  });

  test('what lies in front of and behind the archive', async () => {
    expect(await verdict(Buffer.concat([evil, torch(good)]))).toBe('malicious');
    expect(await verdict(Buffer.concat([torch(good), evil]))).toBe('malicious');
    expect(await verdict(Buffer.concat([Buffer.from('#!/bin/sh\n'), torch(good)]))).toBe('suspicious');
    expect(await verdict(Buffer.concat([Buffer.from('some text\n'), torch(evil)]))).toBe('malicious');
  });

  test('names that lead out of the folder', async () => {
    for (const name of ['../x', 'a/../../x', '/etc/x', 'C:\\x', 'a\\..\\..\\x']) {
      expect(await verdict(makeZip([{ name, content: good }])), name).toBe('malicious');
    }
    expect(await verdict(makeZip([{ name: 'a..b/..c', content: good }]))).toBe('clean');
  });

  test('a cut archive is an error at least', async () => {
    const whole = torch(good);
    for (let length = 40; length < whole.length; length += 13) {
      expect(['error', 'suspicious'], String(length)).toContain(await verdict(whole.subarray(0, length)));
    }
    const bad = torch(evil);
    for (let length = 60 + evil.length; length < bad.length; length += 13) {
      expect(FOUND, String(length)).toContain(await verdict(bad.subarray(0, length)));
    }
  });

  test('limits', async () => {
    const bomb = makeZip([{ name: 'a', content: Buffer.alloc(80 * 2 ** 20), deflate: true }]);
    const outcome = await scan(bomb);
    expect(outcome.findings.map(({ kind }) => kind)).toContain('resource-abuse');
    expect(outcome.errors.length).toBe(1);
    const many = makeZip(Array.from({ length: 50 }, (_, index) => ({ name: `f${index}`, content: good })));
    expect(await verdict(many)).toBe('clean');
    expect(await verdict(many, { entries: 20 })).toBe('error');
    const nested = Array.from({ length: 20 }).reduce<Buffer>(
      (content) => makeZip([{ name: 'z', content }]),
      good,
    );
    expect(await verdict(nested)).toBe('error');
  });
});

describe('tar', () => {
  test('members are judged', async () => {
    expect(
      await verdict(
        makeTar([
          { name: 'a', content: good },
          { name: 'b', content: evil },
        ]),
      ),
    ).toBe('malicious');
    expect(await scan(makeTar([{ name: 'a', content: good }]))).toMatchObject({
      format: 'tar',
      findings: [],
      errors: [],
    });
    expect(await verdict(gzipSync(makeTar([{ name: 'a', content: evil }])))).toBe('malicious');
  });

  test('long names and links', async () => {
    const long = makeTar([
      { name: '././@LongLink', type: 'L', content: Buffer.from(`../${'x'.repeat(150)}\0`) },
      { name: 'short', content: good },
    ]);
    expect(await messages(long)).toContain('leads out of the folder');
    const pax = makeTar([
      { name: 'PaxHeader', type: 'x', content: Buffer.from('18 path=../secret\n') },
      { name: 'short', content: good },
    ]);
    expect(await messages(pax)).toContain('leads out of the folder');
    expect(
      await messages(makeTar([{ name: 'l', type: '2', link: '/etc/passwd', content: Buffer.alloc(0) }])),
    ).toContain('links to');
  });

  test('a zip as its last member does not hide the tar, nor the tar the zip', async () => {
    expect(await verdict(makeTar([{ name: 'm.pt', content: torch(good) }]))).toBe('clean');
    expect(
      await verdict(
        makeTar([
          { name: 'a', content: evil },
          { name: 'm.pt', content: torch(good) },
        ]),
      ),
    ).toBe('malicious');
    expect(await verdict(Buffer.concat([makeTar([{ name: 'a', content: good }]), torch(evil)]))).toBe(
      'malicious',
    );
  });

  test('a cut archive is an error', async () => {
    const whole = makeTar([{ name: 'a', content: Buffer.alloc(600, 65) }]);
    expect(await verdict(whole.subarray(0, 700))).toBe('error');
  });
});

describe('7z', () => {
  /** Two files each, a text and a pickle of protocol 0 that calls os.system("id"), packed by py7zr. */
  const FILES = {
    lzma: 'N3q8ryccAARKFQI4xAAAAAAAAAAUAAAAAAAAAMq9yU8AKhoIogMlZvFLeMWiBf8u5tnSIBqtNPjiHehBNvrcBmm7POQQNCcJ67Nm4+03mO2SrdUnRQgwXl1xJ8sr5zQLpCTCoPTM73MAuwQ8TmhWUaOR///YHAAA4ABwAGRdAACBMweuD9Moqf1AwJDTQ8Th+eiq9M4Q7lSWm4pv7rFQoYaz19WpXJCLmISThTSVqPqysfHurRDHBWX3lQ3eXom/KJWsuqRBX+OyHYoJsI74Ch36O8fqIdPzkplLvooJyV0AAAAAFwZYAQlsAAcLAQABISEBGAxxAAA=',
    'x86 and LZMA2':
      'N3q8ryccAARLNVaaxwAAAAAAAAAUAAAAAAAAAH2l7/TgBxwAUl0AKhoIogMlZvFLeMWiBf8u5tnSIBqtNPjiHehBNvrcBmm7POQQNCcJ67Nm4+03mO2SrdUnRQgwXl1xJ8sr5zQLpCTCoPTM73MAuwQ8TmhVwzNAAADgAHQAZV0AAIEzB64P00J4fUC7lGQcfukFH/a5l5Iq4ijtmwDhfxxublBaQj4RMO5h/Ha3f6g6XcmdL/IelXt8xyLQzZY/Of5Vf/voMSgFGalL9qeJag+OmJOtK8GbXwtRurw0chsDW1sAAAAAFwZaAQltAAcLAQABISEBGAx1AAA=',
    deflate:
      'N3q8ryccAARepxMTtAAAAAAAAAAUAAAAAAAAAIktJIXtyksaQCAUBtB5q/hnGbUYbIAKIZceyOpZh++Oz2kniyM7vaAPdG0Y6Mac/R5Bpw1IH6/dU2BoVGg5c+bMmTPnf2VNUcQSk/WiaqQzUqRaveAAaABcXQAAgTMHrg/SwW/9QMCQzuXLMp8aW1XNODZHk7LXXpiXSdGDgnoHJffsrKNrQ5kOxwkKLoDJ5VlzuYQPDwsU5XaoFqTJqfW/fVC8Zimt6YBAQ9aIBSFagCzgiQIAAAAXBlABCWQABwsBAAEhIQEYDGkAAA==',
    bzip2:
      'N3q8ryccAAR+dgF+BAEAAAAAAAAVAAAAAAAAAMhKeSFCWmg5MUFZJlNZcVHcGQAAzNOAABBAwRwAP///8DAA2AY0xGEaYAAAxpiMI0wAAAUqVM0QZDTI0wTaThz06qjgJjMTiJmJ9CaxMCdRN/xs+xPntu27qjmJgTkJjGBOQTV3E0CdRNAnETuJxyE6CYE36RMxN4mWQnATsJ0E0CeYnYTb3E6/rnrEzEzE1irwJl4E/xdyRThQkHFR3BngAGwAYF0AAIEzB64P1TBGSBZsKR9HS79DlQhzZUiz7yx9PXr2Rju7HVE1N0GU66AgvMkHtUqmHiNA9BmI3cGaLNbP3u5RpS/7RBOC5fKNdx9tS4Z1aJkGgPP1ozJaeHB/WFp1AAAAABcGgJwBCWgABwsBAAEhIQEYDG0AAA==',
  } as const;

  test.each(Object.entries(FILES))('%s', async (_, base64) => {
    const outcome = await scan(Buffer.from(base64, 'base64'));
    expect(outcome).toMatchObject({ format: '7z', errors: [] });
    expect(outcome.findings[0]).toMatchObject({ path: '<file 1.2>', evidence: { call: 'os.system("id")' } });
  });

  test('a broken one is never clean', async () => {
    const content = Buffer.from(FILES['x86 and LZMA2'], 'base64');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 6, max: content.length - 1 }), fc.nat(255), async (at, byte) => {
        const copy = Buffer.from(content);
        copy[at] = byte;
        expect(['malicious', 'suspicious', 'error', 'clean']).toContain(await verdict(copy));
      }),
      { numRuns: 200 },
    );
    for (let length = 8; length < content.length; length += 9) {
      expect(['error', 'malicious'], String(length)).toContain(await verdict(content.subarray(0, length)));
    }
  });
});

describe('any bytes', () => {
  test('of an archive that are changed end in a verdict', async () => {
    const archives = [
      torch(evil),
      makeTar([{ name: 'a', content: evil }]),
      gzipSync(evil),
      makeZip([{ name: 'a', content: evil, deflate: true }]),
    ];
    const change = fc.tuple(fc.nat(), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...archives),
        fc.array(change, { minLength: 1, maxLength: 5 }),
        async (content, changes) => {
          const copy = Buffer.from(content);
          for (const [at, byte] of changes) copy[at % copy.length] = byte;
          expect(['malicious', 'suspicious', 'error', 'clean']).toContain(await verdict(copy));
        },
      ),
      { numRuns: 600 },
    );
  });

  test('headers of a zip that are changed never make its pickle clean', async () => {
    const content = torch(evil);
    const pickle = content.indexOf(evil);
    for (let at = 0; at < content.length; at += 1) {
      if (at >= pickle && at < pickle + evil.length) continue;
      for (const byte of [0, 1, 0xff]) {
        const copy = Buffer.from(content);
        copy[at] = byte;
        expect(await verdict(copy), `${at} set to ${byte}`).not.toBe('clean');
      }
    }
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from './rows.ts';
import { rowsOf } from './rows.ts';
import type { Sets } from './sets.ts';
import { devSets, fileSets, isHeldOut } from './sets.ts';
import { surveyOf } from './survey.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-injection-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const setsOf = async (sets: Sets): Promise<[string, string][]> =>
  (await allOf(sets.rows())).map(({ set, row }) => [set, row.text]);

describe('rows', () => {
  it('end at line feeds only', async () => {
    const text = 'first\u2028second\u2029third\u0085fourth\rfifth';
    const path = write(
      'a.jsonl',
      `{"text":"${text.replace('\r', '\\r')}","label":1}\r\n\n{"text":"b","label":0}`,
    );
    const rows = await allOf(rowsOf(path));
    expect(rows.map((row) => row.text)).toEqual([text, 'b']);
    expect(rows.map((row) => row.at)).toEqual([`${path}:1`, `${path}:3`]);
  });

  it('carry on over the chunks that a file is read in', async () => {
    const long = 'ж'.repeat(200_001);
    const path = write('a.jsonl', lines({ text: long, label: 0 }, { text: long, label: 1 }));
    expect((await allOf(rowsOf(path))).map((row) => row.text === long)).toEqual([true, true]);
  });

  it('say what they are', async () => {
    const row = {
      text: 'Hi 😀 do it',
      label: 1,
      origin: 'third_party',
      kind: 'x',
      lang: 'en',
      payload: [5, 10],
    };
    const path = write('a.jsonl', lines(row, { text: 'see: do it', label: 1, payload: 'do it', source: '' }));
    const [first, second] = (await allOf(rowsOf(path))) as [Row, Row];
    expect(first).toMatchObject({ origin: 'third_party', label: 1, facets: { kind: 'x', lang: 'en' } });
    // Ranges count code points, as Python does.
    expect(first.text.slice(first.payload?.start, first.payload?.end)).toBe('do it');
    expect(second).toMatchObject({ origin: 'user', payload: { start: 5, end: 10 }, facets: {} });
  });

  it.each([
    ['{"text":"a","label":0}\n{"text":"b"}\n', /a\.jsonl:2: label/],
    ['{"text":"a","label":"1"}\n', /a\.jsonl:1: label/],
    ['{"text":"a","label":2}\n', /a\.jsonl:1: label/],
    ['{"text":7,"label":1}\n', /a\.jsonl:1: text/],
    ['{"text":"a","label":1,"origin":"operator"}\n', /a\.jsonl:1: origin/],
    ['\n\n{"text":"a","label":1\n', /a\.jsonl:3: not JSON/],
    ['[1]\n', /a\.jsonl:1: the row/],
    ['null\n', /a\.jsonl:1: the row/],
  ])('that are bad are named: %j', async (content, message) => {
    const path = write('a.jsonl', content);
    await expect(allOf(rowsOf(path))).rejects.toThrow(message);
  });

  it('that are not UTF-8 or have no end are refused', async () => {
    const path = write(
      'a.jsonl',
      Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    );
    await expect(allOf(rowsOf(path))).rejects.toThrow(/a\.jsonl:1: not UTF-8/);
    const endless = write('b.jsonl', 'x'.repeat(17 * 1024 * 1024));
    await expect(allOf(rowsOf(endless))).rejects.toThrow(/b\.jsonl:1: a line of more than/);
  });
});

describe('sets', () => {
  it('are the files of a folder', async () => {
    write('b.jsonl', lines({ text: 'two', label: 0 }));
    write('a.jsonl', lines({ text: 'one', label: 1 }));
    write('empty.jsonl', '');
    write('notes.md', 'no');
    const sets = fileSets(folder);
    expect(sets.names).toEqual(['a', 'b', 'empty']);
    expect(await setsOf(sets)).toEqual([
      ['a', 'one'],
      ['b', 'two'],
    ]);
    // A second reading gives the same.
    expect(await setsOf(sets)).toHaveLength(2);
  });

  it('must be there', () => {
    expect(() => fileSets(folder)).toThrow(/holds no \*\.jsonl/);
    expect(() => fileSets(join(folder, 'nowhere'))).toThrow(/cannot be read/);
  });

  it('of training corpora are the held-out rows by source, their origin by kind', async () => {
    const dev = { split: 'dev', lang: 'en' };
    write(
      'negatives.jsonl',
      lines(
        { text: 'kept', label: 0, kind: 'benign_document', source: 's1', ...dev },
        { text: 'trained on', label: 0, kind: 'benign_chat', source: 's1', split: 'train' },
        { text: 'chat', label: 0, kind: 'benign_chat', source: 's2', ...dev },
        { text: 'said', label: 0, kind: 'benign_document', origin: 'user', source: 's2', ...dev },
      ),
    );
    write('unlicensed.jsonl', lines({ text: 'no licence', label: 1, source: 'u', ...dev }));
    const rows = await allOf(devSets([folder]).rows());
    expect(rows.map(({ set, row }) => [set, row.text, row.origin])).toEqual([
      ['s1', 'kept', 'third_party'],
      ['s2', 'chat', 'user'],
      ['s2', 'said', 'user'],
    ]);
    expect(await setsOf(devSets([folder], { unlicensed: true }))).toContainEqual(['u', 'no licence']);
  });

  it('of rows without a split are the blocks that the recipe holds out', async () => {
    // From the recipe's own `bucket(f"w1-persuasion:{number // 40}", 8, "block") == 0`.
    const blocks = Array.from({ length: 30 }, (_, block) => block).filter((block) =>
      isHeldOut('w1-persuasion', 40 * block),
    );
    expect(blocks).toEqual([10, 14, 15, 25, 28]);
    const [block = 0] = blocks;
    expect(isHeldOut('w1-persuasion', 40 * block + 39)).toBe(true);
    const rows = Array.from({ length: 40 * block + 45 }, (_, i) => ({ text: `t${i}`, label: 0 }));
    write('w1-persuasion.jsonl', lines(...rows));
    const texts = (await setsOf(devSets([folder]))).map(([, text]) => text);
    expect(texts).toContain(`t${40 * block}`);
    expect(texts).toContain(`t${40 * block + 39}`);
    expect(texts).not.toContain(`t${40 * block - 1}`);
  });
});

describe('a survey', () => {
  it('samples evenly and always alike', async () => {
    write('a.jsonl', lines(...Array.from({ length: 500 }, (_, i) => ({ text: `attack ${i}`, label: 1 }))));
    write('b.jsonl', lines({ text: 'calm', label: 0 }, { text: ' ', label: 0 }));
    const sets = fileSets(folder);
    const survey = await surveyOf(sets, { seed: 3, attacks: 50 });
    expect(survey.rows).toBe(502);
    expect(survey.harmless.map(({ text }) => text)).toEqual(['calm']);
    const numbers = survey.attacks.map(({ text }) => Number(text.split(' ')[1]));
    expect(new Set(numbers).size).toBe(50);
    expect(numbers.some((number) => number < 100) && numbers.some((number) => number >= 400)).toBe(true);
    expect(await surveyOf(sets, { seed: 3, attacks: 50 })).toEqual(survey);
    expect(await surveyOf(sets, { seed: 4, attacks: 50 })).not.toEqual(survey);
  });
});

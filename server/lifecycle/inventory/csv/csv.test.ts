import { randomUUID } from 'node:crypto';
import type { ImportResult, System, SystemDetail } from '@bartizan/contracts';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { guarded, joined, line, split, unguarded } from './cells.ts';
import { COLUMNS, columnOf } from './columns.ts';
import { MAX_ROWS, readTable } from './read.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('cells', () => {
  test('what a spreadsheet would run is guarded, and comes back as it was', () => {
    for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', "'=1", "'quoted"]) {
      expect(guarded(formula)).toBe(`'${formula}`);
    }
    fc.assert(fc.property(fc.string(), (text) => unguarded(guarded(text)) === text));
    fc.assert(fc.property(fc.string(), (text) => !/^[=+\-@\t\r\n]/.test(guarded(text))));
  });

  test('several things in a cell come back, whatever is in them', () => {
    const item = fc
      .string({ minLength: 1 })
      .map((text) => text.trim())
      .filter((text) => text !== '');
    fc.assert(
      fc.property(fc.array(item), (items) => {
        expect(split(joined(items))).toEqual(items);
      }),
    );
  });

  test('rows come back through the parser, quotes, separators and line breaks included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 2 }), { minLength: 1 }),
        (rows) => {
          const clean = rows.map((row) => row.map((cell) => cell.replaceAll('\0', '').toWellFormed()));
          const table = readTable(bytes(`﻿key,name\r\n${clean.map(line).join('')}`));
          expect(table.rows.map(({ cells }) => cells)).toEqual(
            clean.filter((row) => row.some((cell) => cell.trim() !== '')),
          );
        },
      ),
    );
  });
});

describe('files', () => {
  test.each([
    ['commas', 'key,name\na,"One, two"\n'],
    ['semicolons and a byte order mark', '﻿key;name\r\na;One, two\r\n'],
    ['tabs', 'key\tname\na\tOne, two'],
    ['empty lines', 'key,name\n\n,\na,"One, two"\n\n'],
  ])('with %s are read', (_, text) => {
    const { heading, rows } = readTable(bytes(text));
    expect(heading).toEqual(['key', 'name']);
    expect(rows.map(({ cells }) => cells.slice(0, 2))).toEqual([['a', 'One, two']]);
  });

  test('count lines as an editor does, cells with line breaks included', () => {
    const { rows } = readTable(bytes('key,name\na,"one\ntwo"\n\nb,x\n'));
    expect(rows.map((row) => row.line)).toEqual([2, 5]);
  });

  test.each([
    ['another encoding', new Uint8Array([0x6b, 0x65, 0x79, 0x0a, 0xe4]), 'UTF-8'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x6b, 0x00]), 'UTF-16'],
    ['no text', bytes('key\n\0'), 'not a text file'],
    ['nothing', bytes(''), 'no heading'],
    ['a quotation mark that is not closed', bytes('key,name\na,"x\n'), 'no sound CSV'],
    ['text after a quotation mark', bytes('key,name\na,"x"y\n'), 'no sound CSV'],
    ['too many rows', bytes(`key\n${'a\n'.repeat(MAX_ROWS + 1)}`), 'rows'],
    ['an endless cell', bytes(`key\n"${'a'.repeat(400_000)}`), 'no sound CSV'],
  ])('with %s are refused in words', (_, content, words) => {
    expect(() => readTable(content)).toThrow(words);
  });

  test('of foreign bytes never fail otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (content) => {
        try {
          readTable(content);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_input' });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('name their columns by name or alias, each once', () => {
    for (const column of COLUMNS) {
      for (const name of [column.name, ...column.aliases])
        expect([name, columnOf(name.toUpperCase())]).toEqual([name, column]);
    }
    expect(columnOf('Risk Owner Shoe Size')).toBeUndefined();
  });
});

describe('imports', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => server?.close());

  const take = (text: string, dryRun = false, principal = principalWith()): Promise<ImportResult> =>
    server.call('systems.import', {
      body: { file: Buffer.from(text).toString('base64'), dryRun },
      principal,
    });
  const byKey = async (key: string): Promise<SystemDetail> => {
    const { items } = (await server.call('systems.list', { query: { key } })) as { items: { id: string }[] };
    return server.call('systems.get', { params: { id: items[0]?.id } });
  };
  async function exported(principal = principalWith()): Promise<string> {
    let text = '';
    const chunks: AsyncIterable<string> = await server.call('systems.export', { query: {}, principal });
    for await (const chunk of chunks) text += chunk;
    return text;
  }

  test('create and update by key, and leave alone what is not in the file', async () => {
    const first = await take(
      'Key;Name;Business purpose;Status;Tags;Owner\nchat;Chat;Answers;In production;a | b;Vera\n;Made Of Name;;;;\n'.replace(
        'In production',
        'Production',
      ),
    );
    expect(first).toMatchObject({ done: true, created: 2, failed: 0 });
    expect(await byKey('chat')).toMatchObject({
      name: 'Chat',
      state: 'production',
      tags: ['a', 'b'],
      owner: { name: 'Vera', account: 'none' },
    });
    expect(first.rows[0]?.warnings[0]?.message).toContain('unowned by an account');
    expect(await byKey('made-of-name')).toMatchObject({ name: 'Made Of Name' });
    const again = await take('key,name,tags\nchat,Chat desk,\n');
    expect(again).toMatchObject({
      done: true,
      updated: 1,
      rows: [{ action: 'update', changes: ['name', 'tags'] }],
    });
    expect(await byKey('chat')).toMatchObject({ name: 'Chat desk', tags: [], purpose: 'Answers' });
    expect(await take('key,name\nchat,Chat desk\n')).toMatchObject({ unchanged: 1, updated: 0 });
    const actions = (await server.audited()).map(({ action }) => action);
    expect(actions).toContain('systems.imported');
  });

  test('with one error change nothing, and say line, column and what to do', async () => {
    const text = `key,name,state,endpoints,next review,colour\ngood-one,Good,idea,,,\nbad one,Bad,someday,nowhere,31.12.2027,red\ngood-one,Twice,,,,\n`;
    const result = await take(text);
    expect(result).toMatchObject({ done: false, failed: 2, ignoredColumns: ['colour'] });
    const bad = result.rows.find((row) => row.line === 3);
    expect(bad?.errors.map(({ column }) => column).toSorted()).toEqual([
      'endpoints',
      'key',
      'next_review_on',
      'state',
    ]);
    expect(bad?.errors.every(({ todo }) => todo !== '')).toBe(true);
    expect(result.rows.find((row) => row.line === 4)?.errors[0]?.message).toContain('line 2');
    const { total } = (await server.call('systems.list', { query: { key: 'good-one' } })) as {
      total: number;
    };
    expect(total).toBe(0);
  });

  test('tried out change nothing', async () => {
    expect(await take('key,name\ntrial,Trial\n', true)).toMatchObject({ done: false, created: 1 });
    expect(await server.call('systems.list', { query: { key: 'trial' } })).toMatchObject({ total: 0 });
  });

  test('without key and name, or with a column twice, are refused', async () => {
    await expect(take('purpose\nx\n')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(take('key,name,title\nx,y,z\n')).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('of an export change nothing: everything comes back as it was, formulas too', async () => {
    const used: { id: string } = await server.call('endpoints.create', {
      body: { slug: 'csv-used', name: 'Used' },
    });
    const person = randomUUID();
    await server.open.pool.query(
      `insert into people (id, name, email, roles, created_at, updated_at) values ($1, 'Paula', 'paula@example.test', '{viewer}', now(), now())`,
      [person],
    );
    const nasty = '=HYPERLINK("https://evil.example","x")';
    const made: System = await server.call('systems.create', {
      body: {
        key: 'nasty',
        name: nasty,
        description: 'one\r\ntwo; "three", | four \\ five',
        purpose: "'=quoted",
        owner: { kind: 'person', id: person },
        backupOwner: { kind: 'named', name: '@stand-in' },
        decisions: { text: '-1', how: 'decides' },
        dataSources: [{ name: 'CRM | ERP [x, y]', kind: 'database', personalData: 'special' }],
        people: { groups: ['a|b', 'c\\d'], band: 'over-1m', vulnerable: ['+e'] },
        origin: { kind: 'mixed', vendor: 'V', contractUrl: 'https://example.com/c', dpaUrl: '' },
        vendorModels: ['m|1'],
        endpointIds: [used.id],
        access: { users: ['internal', 'public'], authentication: 'SSO' },
        monitoringContact: '#ai',
        reviewEveryDays: 90,
        nextReviewOn: '2027-03-31',
        tags: ['=t'],
        links: [{ title: 'A <b>', url: 'https://example.com/x' }],
      },
    });
    const text = await exported();
    expect(text.startsWith('﻿"key"')).toBe(true);
    expect(text).toContain(`"'=HYPERLINK(""https`);
    const result = await take(text);
    expect(result).toMatchObject({ done: true, created: 0, updated: 0, failed: 0 });
    // Into another inventory it brings everything.
    const copied = await take(text.replaceAll('"nasty"', '"copied"'));
    expect(copied).toMatchObject({ created: 1, failed: 0 });
    const {
      id: _i,
      key: _k,
      revision: _r,
      createdAt: _c,
      updatedAt: _u,
      createdBy: _b,
      attention: _a,
      ...rest
    } = made;
    expect(await byKey('copied')).toMatchObject(rest);
  });

  test('of an export bring back cells that begin as formulas do, none of which is one in the file', async () => {
    const starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', "'", "'="];
    const fields = (start: string) => ({
      name: `${start}cmd|' /C calc'!A0`,
      description: `${start}1+1`,
      purpose: `${start}SUM(A1)`,
      monitoringContact: `${start}ops`,
      decisions: { text: `${start}x`, how: 'informs' },
      tags: [`${start.trim()}tag`],
      vendorModels: [`${start.trim()}m`],
    });
    const made: System[] = [];
    for (const [at, start] of starts.entries()) {
      const body = { key: `formula-${at}`, ...fields(start) };
      made.push(await server.call('systems.create', { body }));
    }
    const text = await exported();
    const cells = parse(text, { bom: true }) as unknown as string[][];
    expect(cells.length).toBeGreaterThan(starts.length);
    for (const cell of cells.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
    expect(await take(text)).toMatchObject({ done: true, created: 0, updated: 0, failed: 0 });
    const copies = await take(text.replaceAll('"formula-', '"copy-of-'));
    expect(copies).toMatchObject({ done: true, failed: 0 });
    for (const {
      key,
      name,
      description,
      purpose,
      decisions,
      tags,
      vendorModels,
      monitoringContact,
    } of made) {
      const copy = await byKey(key.replace('formula-', 'copy-of-'));
      const kept = { name, description, purpose, decisions, tags, vendorModels, monitoringContact };
      expect(copy).toMatchObject(kept);
    }
  });

  test('reach nothing of other teams, and take no key of theirs', async () => {
    const [ours, theirs] = [randomUUID(), randomUUID()];
    for (const [id, name] of [
      [ours, 'Ours'],
      [theirs, 'Theirs'],
    ]) {
      await server.open.pool.query(
        `insert into teams (id, name, description, created_at) values ($1, $2, '', now())`,
        [id, name],
      );
    }
    await server.call('systems.create', { body: { key: 'hidden', name: 'Hidden', teamId: theirs } });
    await server.call('endpoints.create', { body: { slug: 'theirs-only', name: 'T', teamId: theirs } });
    const mine = { ...principalWith(['systems.read', 'systems.manage']), teams: new Set([ours]) };
    const result = await take(
      'key,name,team,endpoints\nhidden,Mine now,,\nx1,X,Theirs,\nx2,X,Ours,theirs-only\n',
      false,
      mine,
    );
    expect(result.rows.map(({ errors }) => errors[0]?.column)).toEqual(['key', 'team', 'endpoints']);
    expect(JSON.stringify(result)).not.toContain('Hidden');
    expect(await exported(mine)).not.toContain('hidden');
    expect(await take('key,name,team\nown,Own,Ours\n', false, mine)).toMatchObject({
      done: true,
      created: 1,
    });
  });
});

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Upload, UploadedVersion } from '@bartizan/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuditLog } from '../../../audit/index.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { createDownloadLog } from './download-log.ts';
import { askedRange, namesTag } from './range.ts';

describe('a range', () => {
  test.each([
    [undefined, 'whole'],
    ['bytes=0-', 0, 10],
    ['bytes=3-5', 3, 6],
    ['bytes=3-99', 3, 10],
    ['bytes=-4', 6, 10],
    ['bytes=-99', 0, 10],
    ['bytes=10-', 'beyond'],
    ['bytes=-0', 'beyond'],
    ['bytes=5-3', 'whole'],
    ['bytes=0-1,3-4', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=99999999999999999-', 'whole'],
  ] as const)('%s of 10 bytes', (header, ...wanted) => {
    const asked = askedRange(header, 10);
    expect(asked.kind === 'part' ? [asked.start, asked.end] : [asked.kind]).toEqual(wanted);
  });

  test('never leads out of the file', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), fc.nat({ max: 100 }), (noise, a, b, size) => {
        for (const header of [noise, `bytes=${a}-${b}`, `bytes=-${a}`, `bytes=${noise}`]) {
          const asked = askedRange(header, size);
          if (asked.kind !== 'part') continue;
          expect(asked.start).toBeGreaterThanOrEqual(0);
          expect(asked.start).toBeLessThan(asked.end);
          expect(asked.end).toBeLessThanOrEqual(size);
        }
      }),
    );
    expect([namesTag('"a", W/"b"', '"b"'), namesTag('*', '"b"'), namesTag('"a"', '"b"')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('a file of a version', () => {
  let server: TestServer;
  const bytes = randomBytes(1_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const tag = `"${sha256}"`;
  const path = 'weights/größe.bin';
  const ada = principalWith();

  async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
    yield content;
  }

  async function fetched(headers: Record<string, string> = {}, principal: Principal = ada, given = {}) {
    const answer: Record<string, unknown> = {};
    const chunks: AsyncIterable<Uint8Array> = await server.call('models.downloadFile', {
      params: { model: 'fraud', version: '1', '*': path, ...given },
      headers,
      principal,
      answer,
    });
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    return { answer, body: Buffer.concat(parts) };
  }

  beforeAll(async () => {
    server = await startTestServer({ background: false });
    // Nothing scans here.
    await server.call('scans.changeSettings', { body: { onUnscanned: 'allow' } });
    const files = [{ path, size: bytes.byteLength, sha256 }];
    const principal = ada;
    const upload: Upload = await server.call('uploads.create', {
      body: { model: 'fraud', files },
      principal,
    });
    const params = { id: upload.id };
    const sent = { ...params, '*': path };
    await server.call('uploads.sendFile', {
      params: sent,
      query: { offset: 0 },
      bytes: once(bytes),
      principal,
    });
    const version: UploadedVersion = await server.call('uploads.finish', { params, principal });
    expect(version).toMatchObject({ model: 'fraud', version: 1 });
  }, 300_000);
  afterAll(() => server?.close());

  test('is given out whole, with its digest', async () => {
    const { answer, body } = await fetched();
    expect(body.equals(bytes)).toBe(true);
    expect(answer).toMatchObject({
      etag: tag,
      'accept-ranges': 'bytes',
      'content-length': '1000',
      'content-disposition': "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.bin",
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    });
    expect(answer.status).toBeUndefined();
  });

  test('is given out in part, and not again to who has it', async () => {
    const part = await fetched({ range: 'bytes=10-19' });
    expect(part.body.equals(bytes.subarray(10, 20))).toBe(true);
    expect(part.answer).toMatchObject({
      status: 206,
      'content-range': 'bytes 10-19/1000',
      'content-length': '10',
    });
    expect(part.answer).not.toHaveProperty('repr-digest');
    for (const all of ['bytes=0-', 'bytes=0-999', 'bytes=-1000']) {
      const { answer, body } = await fetched({ range: all });
      expect(body.equals(bytes)).toBe(true);
      expect(answer).toMatchObject({
        status: 206,
        'content-range': 'bytes 0-999/1000',
        'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      });
    }
    expect((await fetched({ range: 'bytes=1000-' })).answer).toMatchObject({
      status: 416,
      'content-range': 'bytes */1000',
    });
    expect((await fetched({ 'if-none-match': tag })).answer.status).toBe(304);
    const since = await fetched({ range: 'bytes=10-19', 'if-range': '"another"' });
    expect([since.answer.status, since.body.byteLength]).toEqual([undefined, 1000]);
    expect((await fetched({ range: 'bytes=10-19', 'if-range': tag })).answer.status).toBe(206);
  });

  test('is not there for other teams, keys of endpoints, and by other paths', async () => {
    const teamId = randomUUID();
    await server.open.pool.query('alter table models drop constraint models_team');
    await server.open.pool.query('update models set team_id = $1', [teamId]);
    const notFound = { code: 'not_found' };
    await expect(fetched({}, { ...ada, teams: new Set([randomUUID()]) })).rejects.toMatchObject(notFound);
    await expect(fetched({}, { ...ada, endpoints: new Set() })).rejects.toMatchObject(notFound);
    for (const other of ['weights', '../weights/größe.bin', 'weights/GRÖSSE.bin', '/etc/passwd']) {
      await expect(fetched({}, ada, { '*': other })).rejects.toMatchObject(notFound);
    }
    expect((await fetched({}, { ...ada, teams: new Set([teamId]) })).body.byteLength).toBe(1000);
  });

  test('is refused once a scan says to wait, and nothing is recorded as fetched then', async () => {
    await server.call('scans.changeSettings', { body: { onUnscanned: 'refuse' } });
    const counted = async () =>
      (await server.open.pool.query('select sum(files) as n from download_counts')).rows[0].n;
    const before = await counted();
    await expect(fetched()).rejects.toMatchObject({ code: 'forbidden' });
    expect(await counted()).toBe(before);
    await server.call('scans.changeSettings', { body: { onUnscanned: 'allow' } });
  });

  test('is recorded: once at the beginning of an hour, and with a count at its end', async () => {
    const entries = async (action: string) =>
      (await server.audited()).filter((entry) => entry.action === action).map(({ detail }) => detail);
    const files = Number(
      (await server.open.pool.query('select sum(files) as n from download_counts')).rows[0].n,
    );
    expect(await entries('models.downloaded')).toEqual([{ model: 'fraud', version: 1 }]);
    await server.open.pool.query('update download_counts set hour = hour - 1');
    const log = createDownloadLog({
      database: server.open.database,
      audit: createAuditLog({ database: server.open.database, clock: { now: Date.now } }),
      now: Date.now,
    });
    await log.upkeep();
    await log.upkeep();
    expect(await entries('models.downloads-counted')).toEqual([
      { model: 'fraud', version: 1, files, bytes: expect.any(Number), hourFrom: expect.any(String) },
    ]);
  });
});

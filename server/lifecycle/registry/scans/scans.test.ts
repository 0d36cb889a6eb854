import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sarifProblems } from '@bartizan/checks/artifacts/report/sarif-rules.ts';
import { ScanSettings, type VersionScan } from '@bartizan/contracts';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenDatabase } from '../../../platform/database/index.ts';
import {
  anotherConnection,
  caller,
  HARMLESS,
  MALICIOUS,
  makeTeam,
  makeVersion,
  openScanDatabase,
  type ScanServer,
  type ServerOptions,
  scanServer,
  sha256Of,
} from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000 });

const POLL = { timeout: 40_000, interval: 100 };
const DAY_MS = 86_400_000;
const ada = caller();
let open: OpenDatabase;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  open = await openScanDatabase();
  folder = mkdtempSync(join(tmpdir(), 'scans-'));
});
afterAll(async () => {
  await open?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  // Each test has its own versions; what an older one left waiting would only take time.
  await sql`delete from version_scans where state in ('queued', 'running')`.execute(open.database);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function server(options: ServerOptions = {}, other: OpenDatabase = open): Promise<ScanServer> {
  const one = await scanServer(other, folder, options);
  ends.push(() => one.close());
  return one;
}

async function done({ scans }: ScanServer, versionId: string): Promise<VersionScan> {
  const look = async () => (await scans.version(ada, versionId)).state;
  await expect.poll(look, POLL).toBe('done');
  return await scans.version(ada, versionId);
}

const actions = async (): Promise<string[]> =>
  (await open.pool.query('select action from audit_entries order by id')).rows.map(({ action }) => action);
const untilTomorrow = () => ({ reason: 'we wrote this file ourselves', expiresAt: Date.now() + DAY_MS });

test('a version is scanned by itself: state, files, findings with their evidence, SARIF', async () => {
  const one = await server();
  const version = await makeVersion(open, one, {
    files: {
      'a.pkl': MALICIOUS,
      'b/same.bin': MALICIOUS,
      'c.pkl': HARMLESS,
      'readme.md': Buffer.from('# hello'),
    },
  });
  const scan = await done(one, version.id);
  expect(scan).toMatchObject({
    verdict: 'malicious',
    quarantined: true,
    quarantinedFor: 1,
    verdicts: { malicious: 2, clean: 2, error: 0, suspicious: 0 },
    progress: { percent: 100, filesDone: 3, filesTotal: 3 },
    reason: 'created',
    scanner: 'scanner-1',
    download: { allowed: false, because: 'malicious' },
    difference: null,
  });
  const files = await one.scans.files(ada, version.id, { limit: 2 });
  expect(files.items.map(({ path, verdict }) => [path, verdict])).toEqual([
    ['a.pkl', 'malicious'],
    ['b/same.bin', 'malicious'],
  ]);
  const rest = await one.scans.files(ada, version.id, { limit: 2, cursor: files.next ?? '' });
  expect(rest).toMatchObject({ items: [{ path: 'c.pkl' }, { path: 'readme.md' }], next: null });
  const { items } = await one.scans.findings(ada, version.id, { limit: 50, severity: ['high', 'critical'] });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    kind: 'executes-on-load',
    quarantines: true,
    files: ['a.pkl', 'b/same.bin'],
    acceptance: null,
  });
  const detail = await one.scans.finding(ada, version.id, items[0]?.id ?? '');
  expect(detail.call).toContain('system');
  expect(detail.excerpt.length).toBeGreaterThan(0);
  expect(detail.maps[0]).toMatchObject({ framework: expect.any(String), edition: expect.any(String) });
  expect(detail.why).toContain('loaded'.slice(0, 3));
  const none = await one.scans.findings(ada, version.id, { limit: 50, file: 'c.pkl' });
  expect(none.items).toEqual([]);
  const text = await one.scans.sarif(ada, version.id);
  expect(sarifProblems(text)).toEqual([]);
  const sarif = JSON.parse(text);
  expect(sarif.version).toBe('2.1.0');
  expect(sarif.runs[0].results.map((result: { level: string }) => result.level)).toContain('error');
  expect(await actions()).toEqual(expect.arrayContaining(['scans.completed', 'scans.quarantined']));
  expect(one.emitted).toEqual([
    { modelId: version.modelId, versionId: version.id, verdict: 'malicious', quarantined: true },
  ]);
  expect(one.alarms).toEqual([]);
  expect(one.problems).toEqual([]);
});

test('the same content is read once; a rescan of everything reads it again and says what changed', async () => {
  const one = await server();
  const unique = Buffer.concat([HARMLESS, Buffer.from('once')]);
  const first = await makeVersion(open, one, { files: { 'a.bin': unique } });
  await done(one, first.id);
  const reads = one.reads.filter((sha) => sha === sha256Of(unique)).length;
  expect(reads).toBeGreaterThan(0);
  const second = await makeVersion(open, one, { files: { 'b.bin': unique, 'c.bin': unique } });
  expect(await done(one, second.id)).toMatchObject({ filesKnown: 1 });
  expect(one.reads.filter((sha) => sha === sha256Of(unique))).toHaveLength(reads);
  const again = await one.scans.rescan(ada, second.id, true);
  const doubled = await one.scans.rescan(ada, second.id, false);
  expect(doubled.scanId).toBe(again.scanId);
  await expect
    .poll(async () => (await one.scans.version(ada, second.id)).difference, POLL)
    .toMatchObject({ added: 0, gone: 0 });
  expect(one.reads.filter((sha) => sha === sha256Of(unique)).length).toBeGreaterThan(reads);
});

test('a version that was taken back has no scan; one whose server died at once has its scan', async () => {
  const idle = await server({ background: false });
  await expect(
    makeVersion(open, idle, {
      files: { 'x.pkl': HARMLESS },
      within: () => Promise.reject(new Error('taken back')),
    }),
  ).rejects.toThrow('taken back');
  expect((await sql`select from version_scans where state = 'queued'`.execute(open.database)).rows).toEqual(
    [],
  );
  // No event was told, no job sent: only what the transaction left behind.
  const version = await makeVersion(open, idle, { files: { 'x.pkl': HARMLESS } });
  expect(await idle.scans.version(ada, version.id)).toMatchObject({ state: 'queued', verdict: null });
  const other = await server();
  await done(other, version.id);
});

describe('what a verdict means for downloads', () => {
  test('a malicious version is refused until every finding is accepted, and again when that ends', async () => {
    let nowMs = Date.now();
    const one = await server({ now: () => nowMs });
    const version = await makeVersion(open, one, {
      files: { 'q.pkl': Buffer.concat([MALICIOUS, Buffer.from('q')]) },
    });
    await done(one, version.id);
    await expect(one.scans.gate.demandVersion(version.id)).rejects.toMatchObject({ code: 'forbidden' });
    const promote = () =>
      open.database
        .transaction()
        .execute((tx) => one.scans.gate.demandPromotable({ version, to: { stage: 'production' } }, tx));
    await expect(promote()).rejects.toMatchObject({ code: 'forbidden' });
    await one.scans.gate.demandPromotable({ version, to: { stage: 'archived' } }, open.database);
    const { items } = await one.scans.findings(ada, version.id, { limit: 50 });
    const bad = items.filter(({ quarantines }) => quarantines);
    for (const { id } of bad) {
      await expect(
        one.scans.accept(ada, version.id, id, {
          reason: 'too long, too long',
          expiresAt: nowMs + 800 * DAY_MS,
        }),
      ).rejects.toMatchObject({ code: 'invalid_input' });
      const accepted = await one.scans.accept(ada, version.id, id, {
        ...untilTomorrow(),
        expiresAt: nowMs + DAY_MS,
      });
      expect(accepted.acceptance).toMatchObject({ by: 'Ada', reason: 'we wrote this file ourselves' });
    }
    expect(await one.scans.gate.demandVersion(version.id)).toMatchObject({ allowed: true });
    await promote();
    expect(await one.scans.version(ada, version.id)).toMatchObject({
      quarantined: false,
      verdict: 'malicious',
    });
    // Withdrawn: refused at once.
    await one.scans.withdraw(ada, version.id, bad[0]?.id ?? '');
    await expect(one.scans.gate.demandVersion(version.id)).rejects.toMatchObject({ code: 'forbidden' });
    await one.scans.accept(ada, version.id, bad[0]?.id ?? '', {
      ...untilTomorrow(),
      expiresAt: nowMs + DAY_MS,
    });
    expect(await one.scans.gate.demandVersion(version.id)).toMatchObject({ allowed: true });
    // Its time is over: refused from that moment, and noted soon after.
    nowMs += DAY_MS + 1;
    await expect(one.scans.gate.demandVersion(version.id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect.poll(actions, POLL).toEqual(expect.arrayContaining(['scans.acceptance-expired']));
    const detail = await one.scans.finding(ada, version.id, bad[0]?.id ?? '');
    expect(detail.earlier.map(({ ended }) => ended)).toEqual(['expired', 'withdrawn']);
    expect(await actions()).toEqual(
      expect.arrayContaining(['scans.finding-accepted', 'scans.acceptance-withdrawn', 'scans.released']),
    );
  });

  test('a download that comes before the verdict is held, then decided by it', async () => {
    const one = await server();
    const bad = Buffer.concat([MALICIOUS, Buffer.from('race')]);
    const version = await makeVersion(open, one, { files: { 'r.pkl': bad } });
    const good = await makeVersion(open, one, {
      files: { 'g.pkl': Buffer.concat([HARMLESS, Buffer.from('race')]) },
    });
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 5 }, () => one.scans.gate.demandVersion(version.id)),
      one.scans.gate.demandVersion(good.id),
      one.scans.gate.demandContent({ sha256: sha256Of(bad), size: bad.length, teamId: null }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => 'rejected'),
      'fulfilled',
      'rejected',
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'forbidden' });
    }
  });

  test('where nobody scans, the caller is told to come again; settings say otherwise', async () => {
    const idle = await server({ background: false });
    const version = await makeVersion(open, idle, {
      files: { 'n.pkl': Buffer.concat([HARMLESS, Buffer.from('n')]) },
    });
    const set = (change: Partial<ScanSettings>) => idle.scans.changeSettings(ada, ScanSettings.parse(change));
    await set({ waitSeconds: 1 });
    await expect(idle.scans.gate.demandVersion(version.id)).rejects.toMatchObject({ code: 'unavailable' });
    await set({ onUnscanned: 'refuse' });
    await expect(idle.scans.gate.demandVersion(version.id)).rejects.toMatchObject({ code: 'forbidden' });
    await set({ onUnscanned: 'allow' });
    expect(await idle.scans.gate.demandVersion(version.id)).toMatchObject({
      allowed: true,
      because: 'unscanned',
    });
    await set({});
    expect(await actions()).toEqual(expect.arrayContaining(['scans.settings-changed']));
  });

  test('files of runs are scanned on arrival and refused by content; what a team accepted is accepted for it', async () => {
    const one = await server();
    const team = await makeTeam(open);
    const loose = Buffer.concat([MALICIOUS, Buffer.from('loose')]);
    const stored = await one.objects.put(
      (async function* () {
        yield loose;
      })(),
    );
    await sql`insert into artifact_files (root_kind, root_id, path, sha256, size, created_at)
      values ('run', gen_random_uuid(), 'model.pkl', ${stored.sha256}, ${stored.size}, 0)`.execute(
      open.database,
    );
    const judged = async () =>
      (
        await sql<{
          verdict: string;
        }>`select verdict from content_scans where sha256 = ${stored.sha256}`.execute(open.database)
      ).rows[0]?.verdict;
    await expect.poll(judged, POLL).toBe('malicious');
    const ask = (teamId: string | null) => one.scans.gate.demandContent({ ...stored, teamId });
    await expect(ask(team)).rejects.toMatchObject({ code: 'forbidden' });
    const version = await makeVersion(open, one, { files: { 'm.pkl': loose }, teamId: team });
    await done(one, version.id);
    const { items } = await one.scans.findings(ada, version.id, { limit: 50 });
    for (const { id, quarantines } of items) {
      if (quarantines) await one.scans.accept(ada, version.id, id, untilTomorrow());
    }
    expect(await ask(team)).toMatchObject({ allowed: true });
    await expect(ask(null)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await one.scans.overview(ada)).loose).toMatchObject({ queued: 0 });
  });
});

test('a newer scanner reads again what an older one judged, raises the alarm for what is in use, an older one never does', async () => {
  const content = Buffer.concat([MALICIOUS, Buffer.from('rescan')]);
  const first = await server();
  const version = await makeVersion(open, first, {
    files: { 'u.pkl': content },
    stage: 'production',
    alias: 'champion',
  });
  await done(first, version.id);
  // As if the first scanner had found nothing.
  await sql`delete from content_findings where sha256 = ${sha256Of(content)}`.execute(open.database);
  await sql`update content_scans set verdict = 'clean' where sha256 = ${sha256Of(content)}`.execute(
    open.database,
  );
  await sql`update version_scans set found = '{}', verdict = 'clean' where version_id = ${version.id}`.execute(
    open.database,
  );
  await sql`update version_standings set verdict = 'clean', quarantined_for = 0 where version_id = ${version.id}`.execute(
    open.database,
  );
  await first.scans.changeSettings(ada, ScanSettings.parse({ rescansPerHour: 100_000 }));
  await first.close();
  const second = await server({ scanner: 'scanner-2' });
  await expect
    .poll(async () => (await second.scans.version(ada, version.id)).scanner, POLL)
    .toBe('scanner-2');
  const scan = await done(second, version.id);
  expect(scan).toMatchObject({
    reason: 'scanner',
    quarantined: true,
    difference: { previousScanner: 'scanner-1', previousVerdict: 'clean', gone: 0 },
  });
  expect(scan.difference?.added).toBeGreaterThan(0);
  expect(second.alarms).toContainEqual(
    expect.objectContaining({ kind: 'model-quarantined', severity: 'critical' }),
  );
  // The first scanner comes back (a roll-back): what the newer one said stands.
  const back = await server({ scanner: 'scanner-1' });
  const view = await back.scans.settings();
  expect(view.scanner).toBe('scanner-2');
  expect((await back.scans.version(ada, version.id)).scanner).toBe('scanner-2');
  await second.scans.changeSettings(ada, ScanSettings.parse({}));
});

test('other versions with the same content follow a new verdict at once', async () => {
  const one = await server();
  const content = Buffer.concat([MALICIOUS, Buffer.from('shared')]);
  const a = await makeVersion(open, one, { files: { 'a.pkl': content } });
  await done(one, a.id);
  await sql`update version_standings set verdict = 'clean', quarantined_for = 0 where version_id = ${a.id}`.execute(
    open.database,
  );
  const b = await makeVersion(open, one, { files: { 'b.pkl': content } });
  await done(one, b.id);
  await one.scans.rescan(ada, b.id, true);
  await expect.poll(async () => (await one.scans.version(ada, a.id)).quarantined, POLL).toBe(true);
});

test('teams: what is not in reach is not there, in every read', async () => {
  const one = await server();
  const team = await makeTeam(open);
  const version = await makeVersion(open, one, { files: { 't.pkl': MALICIOUS }, teamId: team });
  await done(one, version.id);
  const finding = (await one.scans.findings(ada, version.id, { limit: 1 })).items[0]?.id ?? '';
  const outsider = caller(new Set<string>());
  const bound = { ...ada, endpoints: new Set<string>() };
  for (const who of [outsider, bound]) {
    for (const ask of [
      () => one.scans.version(who, version.id),
      () => one.scans.files(who, version.id, { limit: 1 }),
      () => one.scans.findings(who, version.id, { limit: 1 }),
      () => one.scans.finding(who, version.id, finding),
      () => one.scans.sarif(who, version.id),
      () => one.scans.weights(who, version.id),
      () => one.scans.rescan(who, version.id, true),
      () => one.scans.accept(who, version.id, finding, untilTomorrow()),
      () => one.scans.withdraw(who, version.id, finding),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'not_found' });
    }
    const listed = await one.scans.list(who, { limit: 200 });
    expect(listed.items.some(({ versionId }) => versionId === version.id)).toBe(false);
    expect((await one.scans.overview(who)).latest.some(({ versionId }) => versionId === version.id)).toBe(
      false,
    );
  }
  expect((await one.scans.overview(outsider)).loose).toBeNull();
  expect(
    (await one.scans.list(caller(new Set([team])), { limit: 200 })).items.map((s) => s.versionId),
  ).toContain(version.id);
  // A finding of another version is none of this one.
  const other = await makeVersion(open, one, { files: { 'o.pkl': HARMLESS } });
  await done(one, other.id);
  await expect(one.scans.finding(ada, other.id, finding)).rejects.toMatchObject({ code: 'not_found' });
});

test('a child of a bad base shows it; a base out of reach is not named', async () => {
  const one = await server();
  const team = await makeTeam(open);
  const base = await makeVersion(open, one, { files: { 'base.pkl': MALICIOUS }, teamId: team });
  const child = await makeVersion(open, one, { files: { 'child.pkl': HARMLESS }, baseId: base.id });
  await done(one, base.id);
  const scan = await done(one, child.id);
  expect(scan.inherited).toMatchObject([
    { versionId: base.id, distance: 1, verdict: 'malicious', quarantined: true },
  ]);
  expect((await one.scans.version(caller(new Set<string>()), child.id)).inherited).toEqual([]);
});

test('two servers share the scans: each content is read by one of them', async () => {
  const connection = anotherConnection(open);
  ends.push(() => connection.close());
  const [a, b] = [await server(), await server({}, connection)];
  const made = [];
  for (let n = 0; n < 4; n += 1) {
    made.push(await makeVersion(open, a, { files: { 'm.bin': Buffer.from(`two servers ${n}`) } }));
  }
  for (const { id } of made) await done(a, id);
  const reads = [...a.reads, ...b.reads];
  for (let n = 0; n < 4; n += 1) {
    expect(reads.filter((sha) => sha === sha256Of(Buffer.from(`two servers ${n}`)))).toHaveLength(1);
  }
  expect([...a.problems, ...b.problems]).toEqual([]);
});

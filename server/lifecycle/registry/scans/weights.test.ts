import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildOnnx } from '@bartizan/checks/artifacts/formats/onnx/build.ts';
import { buildModel, bytesOf, float32, normals } from '@bartizan/checks/artifacts/formats/weights/build.ts';
import { BaseComparison, type VersionScan, WeightReport } from '@bartizan/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { OpenDatabase } from '../../../platform/database/index.ts';
import {
  caller,
  HARMLESS,
  makeTeam,
  makeVersion,
  openScanDatabase,
  type ScanServer,
  scanServer,
  sha256Of,
} from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000 });

const POLL = { timeout: 60_000, interval: 150 };
const ada = caller();
let open: OpenDatabase;
let folder: string;
let one: ScanServer;
beforeAll(async () => {
  open = await openScanDatabase();
  folder = mkdtempSync(join(tmpdir(), 'scan-weights-'));
  one = await scanServer(open, folder);
}, 300_000);
afterAll(async () => {
  await one?.close();
  await open?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function done(versionId: string): Promise<VersionScan> {
  const look = async () => (await one.scans.version(ada, versionId)).state;
  await expect.poll(look, POLL).toBe('done');
  return await one.scans.version(ada, versionId);
}

async function weightsOf(versionId: string, who = ada) {
  const { items, base } = await one.scans.weights(who, versionId);
  return {
    items: items.map((item) => WeightReport.parse(item)),
    base: BaseComparison.nullable().parse(base),
  };
}

const LAYERS = Array.from({ length: 12 }, (_, index) => normals(64 * 64, index + 1));
const model = (layers: readonly Float32Array[]): Buffer =>
  Buffer.from(
    buildModel(
      Object.fromEntries(
        layers.map((values, index) => [`layers.${index}.weight`, float32(values, [64, 64])] as const),
      ),
    ),
  );
/** Adds an outer product to one layer, as an edit of one fact does. */
function edited(layer: number): Float32Array[] {
  const [left, right] = [normals(64, 77, 0.3), normals(64, 78, 0.3)];
  return LAYERS.map((values, index) =>
    index === layer
      ? values.map((value, at) => value + (left[at >> 6] ?? 0) * (right[at & 63] ?? 0))
      : values,
  );
}

test('an edit of one layer of the base is a finding of the version, its figures are kept, and can be accepted', async () => {
  const base = await makeVersion(open, one, { files: { 'model.safetensors': model(LAYERS) } });
  expect(await done(base.id)).toMatchObject({ verdict: 'clean' });
  const alone = await weightsOf(base.id);
  expect(alone.base).toBeNull();
  expect(alone.items).toMatchObject([{ path: 'model.safetensors', total: 12 }]);
  const [tensor] = alone.items[0]?.tensors ?? [];
  expect(tensor).toMatchObject({ name: 'layers.0.weight', type: 'F32', shape: [64, 64], notes: [] });
  const first = LAYERS[0] ?? new Float32Array();
  const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
  expect(tensor?.numbers).toMatchObject({ count: 4096, 'share of zeros': 0 });
  // Columns keep their order.
  expect(Object.keys(tensor?.numbers ?? {}).slice(0, 3)).toEqual(['count', 'mean', 'std']);
  expect(tensor?.numbers['mean']).toBeCloseTo(mean, 9);
  expect(tensor?.numbers['norm']).toBeCloseTo(Math.hypot(...first), 6);

  const child = await makeVersion(open, one, {
    files: { 'weights/model.safetensors': model(edited(3)), 'readme.md': Buffer.from('# tuned') },
    baseId: base.id,
  });
  const scan = await done(child.id);
  expect(scan).toMatchObject({
    verdict: 'suspicious',
    quarantined: false,
    severities: { medium: 1 },
    verdicts: { clean: 2, suspicious: 0 },
    download: { allowed: true, because: 'suspicious' },
  });
  const { items } = await one.scans.findings(ada, child.id, { limit: 50, severity: 'medium' });
  expect(items).toMatchObject([
    { check: 'weights/delta', kind: 'note', quarantines: false, files: ['weights/model.safetensors'] },
  ]);
  const finding = items[0]?.id ?? '';
  const detail = await one.scans.finding(ada, child.id, finding);
  expect(detail).toMatchObject({ checkTitle: 'Difference to the base model' });
  expect(detail.details).toMatchObject({ delta: 'low-rank-edit' });
  const byFile = { limit: 50, file: 'weights/model.safetensors' };
  expect((await one.scans.findings(ada, child.id, byFile)).items.map(({ id }) => id)).toContain(finding);
  expect(await one.scans.sarif(ada, child.id)).toContain('weights/delta');
  expect(await one.scans.briefs(child.id)).toContainEqual(
    expect.objectContaining({ id: finding, path: 'weights/model.safetensors' }),
  );
  expect((await weightsOf(child.id)).base).toMatchObject({
    base: { versionId: base.id, version: 1 },
    kind: 'low-rank-edit',
    counts: { changed: 1, unchanged: 11, added: 0, removed: 0, reshaped: 0 },
    tensors: [{ name: 'layers.3.weight', state: 'changed', numbers: { rank: 1, rows: 64 } }],
    total: 1,
    problem: '',
  });
  await one.scans.accept(ada, child.id, finding, {
    reason: 'we edited this fact ourselves',
    expiresAt: Date.now() + 86_400_000,
  });
  expect((await one.scans.version(ada, child.id)).download).toMatchObject({ because: 'accepted' });

  // The same pair of contents is not compared twice.
  const reads = one.reads.length;
  const twin = await makeVersion(open, one, {
    files: { 'weights/model.safetensors': model(edited(3)) },
    baseId: base.id,
  });
  expect(await done(twin.id)).toMatchObject({ verdict: 'suspicious', filesKnown: 1 });
  expect(one.reads).toHaveLength(reads);
  expect(one.problems).toEqual([]);
});

test('a base that is out of reach is not named; one that is named later is compared; one without weights is not', async () => {
  const team = await makeTeam(open);
  const [seed, other] = [normals(64 * 64, 500), normals(64 * 64, 501)];
  const base = await makeVersion(open, one, {
    files: { 'm.safetensors': model([seed, other]) },
    teamId: team,
  });
  const child = await makeVersion(open, one, { files: { 'm.safetensors': model([seed]) } });
  await done(base.id);
  await done(child.id);
  expect((await weightsOf(child.id)).base).toBeNull();
  const rebase = (id: string | null) =>
    sql`update model_versions set base_version_id = ${id} where id = ${child.id}`.execute(open.database);
  await rebase(base.id);
  await expect.poll(async () => (await weightsOf(child.id)).base?.counts.removed, POLL).toBe(1);
  expect((await done(child.id)).reason).toBe('base');
  expect((await weightsOf(child.id)).base?.tensors).toMatchObject([{ state: 'removed' }]);
  const outsider = caller(new Set<string>());
  expect((await weightsOf(child.id, outsider)).base).toMatchObject({ base: null, tensors: [], total: 1 });
  const pickled = await makeVersion(open, one, { files: { 'm.pkl': HARMLESS } });
  await done(pickled.id);
  await rebase(pickled.id);
  await expect.poll(async () => (await weightsOf(child.id)).base, POLL).toBeNull();
});

test('weights beside an ONNX file are those of the version that it is in', async () => {
  const file = Buffer.from(buildOnnx({ weights: new Float32Array(4096), externalLocation: 'data/w.bin' }));
  const [sound, broken] = [normals(4096, 9), new Float32Array(4096).fill(Number.NaN)];
  const versionWith = async (numbers: Float32Array) => {
    const files = { 'net/model.onnx': file, 'net/data/w.bin': Buffer.from(bytesOf(numbers)) };
    const version = await makeVersion(open, one, { files });
    const scan = await done(version.id);
    return { id: version.id, scan, ...(await weightsOf(version.id)) };
  };
  const good = await versionWith(sound);
  expect(good.scan.verdict).toBe('clean');
  expect(good.items).toMatchObject([
    { path: 'net/model.onnx', sha256: sha256Of(file), tensors: [{ name: 'w', shape: [4096] }] },
  ]);
  // The model's own file is known by now; what lies beside it is not.
  const bad = await versionWith(broken);
  expect(bad.scan).toMatchObject({ verdict: 'suspicious' });
  expect(bad.items[0]?.tensors[0]).toMatchObject({ numbers: { NaN: 4096, mean: null } });
  expect((await one.scans.findings(ada, bad.id, { limit: 9, severity: 'low' })).items).toMatchObject([
    { check: 'artifacts/weights', files: ['net/model.onnx'] },
  ]);
  await one.scans.rescan(ada, good.id, false);
  expect(await done(good.id)).toMatchObject({ verdict: 'clean' });
  expect((await weightsOf(good.id)).items[0]?.tensors[0]?.numbers).not.toHaveProperty('NaN');
});

import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FixtureModel, fixtureModel } from '@bartizan/checks/text/injection/model/fixture.ts';
import { manifestDigest } from '@bartizan/checks/text/injection/model/folders.ts';
import type {
  DetectorComparison,
  DetectorComparisonChange,
  DetectorModel,
  DetectorStatus,
  Snapshot,
  TryResult,
} from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { principalWith, sampleRecord, shipBody, startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
let own: FixtureModel;
let skewMs = 0;
const made: FixtureModel[] = [];

beforeAll(async () => {
  own = fixtureModel();
  vi.stubEnv('BARTIZAN_INJECTION_MODEL', own.folder);
  server = await startTestServer({ now: () => Date.now() + skewMs });
});
afterAll(async () => {
  await server?.close();
  vi.unstubAllEnvs();
  for (const model of [own, ...made]) model?.remove();
});

/** A model folder as somebody built it. */
function built(change: (manifest: FixtureModel['manifest']) => object): FixtureModel {
  const model = fixtureModel();
  made.push(model);
  model.rewrite(change as never);
  return model;
}
const QUIET = { strict: 0.999_99, balanced: 0.999_995, quiet: 0.999_999 };
/** Takes nothing that users write for an attack. */
const lenient = (version: string) =>
  built((manifest) => ({ ...manifest, version, points: { ...manifest.points, user: QUIET } }));

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
const manifestOf = ({ folder }: FixtureModel) =>
  JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as FixtureModel['manifest'];
async function send(model: FixtureModel, to = server): Promise<void> {
  for (const { name, sha256 } of Object.values(manifestOf(model).files)) {
    await to.call('detector.models.sendFile', {
      params: { digest: sha256 },
      bytes: chunksOf(readFileSync(join(model.folder, name))),
    });
  }
}
async function add(model: FixtureModel): Promise<DetectorModel> {
  await send(model);
  return await server.call('detector.models.add', { body: { manifest: manifestOf(model) } });
}
const get = (id: string): Promise<DetectorComparison> =>
  server.call('detector.comparisons.get', { params: { id } });
async function finished(id: string): Promise<DetectorComparison> {
  await vi.waitFor(async () => expect(['done', 'failed', 'cancelled']).toContain((await get(id)).state), {
    timeout: 240_000,
    interval: 200,
  });
  return await get(id);
}
const compare = (candidate: string, sample = 100): Promise<DetectorComparison> =>
  server.call('detector.comparisons.create', { body: { candidate, sample } });

describe('a server', () => {
  test('does not start where the model folder that was named holds none, or a damaged model', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'bartizan-none-'));
    const damaged = fixtureModel();
    writeFileSync(join(damaged.folder, 'vocab.txt'), 'damaged');
    try {
      for (const [folder, why] of [
        [empty, 'holds no model'],
        [join(empty, 'nowhere'), 'holds no model'],
        [damaged.folder, 'damaged'],
      ] as const) {
        vi.stubEnv('BARTIZAN_INJECTION_MODEL', folder);
        await expect(startTestServer({ beside: server, mayWarn: true })).rejects.toThrow(why);
      }
    } finally {
      vi.stubEnv('BARTIZAN_INJECTION_MODEL', own.folder);
      rmSync(empty, { recursive: true });
      damaged.remove();
    }
  });
});

describe('models', () => {
  test('the product’s own is there, and live, with what it is made of', async () => {
    const { items }: { items: DetectorModel[] } = await server.call('detector.models.list');
    expect(items).toMatchObject([
      {
        name: 'fixture@1',
        builtIn: true,
        live: true,
        addedBy: null,
        points: own.manifest.points,
        files: Object.values(own.manifest.files),
      },
    ]);
  });

  test('one that is added is kept by digest and never changes', async () => {
    const model = lenient('2');
    const added = await add(model);
    expect(added).toMatchObject({ name: 'fixture@2', builtIn: false, live: false, points: { user: QUIET } });
    expect(await add(model)).toEqual(added);
    const another = built((manifest) => ({ ...manifest, version: '2' }));
    await expect(add(another)).rejects.toMatchObject({ code: 'conflict' });
    await expect(add(own)).rejects.toMatchObject({ code: 'conflict' });
    expect((await server.audited()).filter(({ action }) => action === 'detector.model_added')).toHaveLength(
      1,
    );
  });

  test('files must have their digests, be there, and be of the format', async () => {
    const sha256 = 'a'.repeat(64);
    const wrong = server.call('detector.models.sendFile', {
      params: { digest: sha256 },
      bytes: chunksOf(Buffer.from('something else')),
    });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_input' });
    const missing = built((manifest) => ({
      ...manifest,
      version: '3',
      files: { ...manifest.files, encoder: { ...manifest.files.encoder, sha256 } },
    }));
    await expect(
      server.call('detector.models.add', { body: { manifest: manifestOf(missing) } }),
    ).rejects.toMatchObject({ code: 'conflict' });
    const longer = built((manifest) => ({
      ...manifest,
      version: '3',
      files: { ...manifest.files, encoder: { ...manifest.files.encoder, bytes: 17 } },
    }));
    await send(own);
    await expect(
      server.call('detector.models.add', { body: { manifest: manifestOf(longer) } }),
    ).rejects.toMatchObject({
      code: 'invalid_input',
    });
    const noVocabulary = built((manifest) => ({ ...manifest, version: '3' }));
    noVocabulary.replace('vocabulary', Buffer.from('just\nwords\n'));
    noVocabulary.rewrite(() => ({
      ...noVocabulary.manifest,
      version: '3',
      files: {
        ...noVocabulary.manifest.files,
        vocabulary: { name: 'vocab.txt', sha256: sha(noVocabulary), bytes: 11 },
      },
    }));
    await expect(add(noVocabulary)).rejects.toMatchObject({ code: 'invalid_input' });
    for (const manifest of [
      {},
      { ...own.manifest, format: 2 },
      {
        ...own.manifest,
        files: { ...own.manifest.files, encoder: { ...own.manifest.files.encoder, name: '../x' } },
      },
    ]) {
      await expect(server.call('detector.models.add', { body: { manifest } })).rejects.toMatchObject({
        code: 'invalid_input',
      });
    }
  });

  test('one that is not live can be removed, the product’s own cannot', async () => {
    await add(lenient('4'));
    await server.call('detector.models.remove', { params: { name: 'fixture@4' } });
    for (const [name, code] of [
      ['fixture@4', 'not_found'],
      ['fixture@1', 'conflict'],
    ]) {
      const attempt = server.call('detector.models.remove', { params: { name } });
      await expect(attempt).rejects.toMatchObject({ code });
    }
  });
});

const sha = (model: FixtureModel): string => {
  const { vocabulary } = manifestOf(model).files;
  return vocabulary.sha256;
};

describe('a comparison', () => {
  const endpointId = randomUUID();
  const ids: string[] = [];
  beforeAll(async () => {
    const records = [
      sampleRecord({ said: 'a zebra crosses the road', endpointId }),
      sampleRecord({ said: 'a zebra crosses the road', endpointId }),
      sampleRecord({ said: 'the river runs past the mill', endpointId }),
      sampleRecord({ said: null, retention: 'hash' }),
      sampleRecord({
        segments: sampleRecord({ said: 'cut the turnip first' }).segments.map((segment) =>
          segment.direction === 'input' ? { ...segment, author: 'third_party' as const } : segment,
        ),
      } as never),
    ];
    ids.push(...records.map(({ id }) => id));
    await server.call('gateway.ship', { body: shipBody(records) });
    const label = { label: 'attack', kind: 'direct' } as const;
    // One of them was met in traffic too.
    for (const text of ['the zebra must be freed', 'a zebra crosses the road']) {
      await server.call('detector.corrections.correct', {
        body: { of: 'text', text, origin: 'user', ...label },
      });
    }
    const harmless = { label: 'harmless', kind: 'chat' } as const;
    await server.call('detector.corrections.correct', {
      body: { of: 'text', text: 'good morning to all', origin: 'user', ...harmless },
    });
  });

  test('runs both models over recorded traffic and corrections, and tells where they differ', {
    timeout: 300_000,
  }, async () => {
    await add(lenient('5'));
    const { id } = await compare('fixture@5');
    await expect(compare('fixture@5')).rejects.toMatchObject({ code: 'conflict' });
    const done = await finished(id);
    expect(done).toMatchObject({ state: 'done', candidate: 'fixture@5', live: 'fixture@1', message: '' });
    const { result } = done;
    expect(result).toMatchObject({
      interactions: 4,
      notEvaluable: 1,
      texts: { user: 2, third_party: 1 },
      notJudged: 0,
      corrections: { attack: 2, harmless: 1 },
      changes: 1,
    });
    // A zebra twice and a turnip, of four; the candidate lets users' zebras pass.
    const balanced = <T extends { point: string }>(shares: readonly T[] | undefined) =>
      shares?.find(({ point }) => point === 'balanced');
    expect(balanced(result?.live.blocked)).toMatchObject({ count: 3, of: 4, share: 0.75 });
    expect(balanced(result?.candidate.blocked)).toMatchObject({ count: 1, of: 4 });
    expect(balanced(result?.live.recall)).toMatchObject({ count: 2, of: 2, share: 1, high: 1 });
    expect(balanced(result?.candidate.recall)).toMatchObject({ count: 0, of: 2, share: 0, low: 0 });
    expect(balanced(result?.candidate.falseAlarms)).toMatchObject({ count: 0, of: 1 });
    expect(balanced(result?.agreement)).toMatchObject({ both: 1, neither: 1, onlyLive: 1, onlyCandidate: 0 });
    // The list of changes is what the table counts.
    expect(result?.changes).toBe(1);
    expect(result?.live.latencyMs.p99).toBeGreaterThan(0);
    expect(result?.live.settledByLinear.of).toBe(3);
    const seen: { items: DetectorComparisonChange[] } = await server.call('detector.comparisons.changes', {
      params: { id },
    });
    expect(seen.items).toMatchObject([
      { endpointId, segment: 0, origin: 'user', live: { attack: true }, candidate: { attack: false } },
    ]);
    expect(ids.slice(0, 2)).toContain(seen.items[0]?.interactionId);
    expect(JSON.stringify(seen)).not.toContain('zebra');
    const bounded = { ...principalWith(), teams: new Set<string>(), endpoints: new Set<string>() };
    expect(await server.call('detector.comparisons.changes', { params: { id }, principal: bounded })).toEqual(
      { items: [], next: null },
    );
  });

  test('that met no text is no comparison', { timeout: 300_000 }, async () => {
    const bare = await startTestServer();
    try {
      const model = lenient('2');
      await send(model, bare);
      await bare.call('detector.models.add', { body: { manifest: manifestOf(model) } });
      const { id } = (await bare.call('detector.comparisons.create', {
        body: { candidate: 'fixture@2', sample: 5 },
      })) as DetectorComparison;
      const one = (): Promise<DetectorComparison> =>
        bare.call('detector.comparisons.get', { params: { id } });
      await vi.waitFor(async () => expect((await one()).state).toBe('failed'), {
        timeout: 120_000,
        interval: 200,
      });
      expect((await one()).message).toContain('no text to judge');
      await expect(bare.call('detector.use', { body: { model: 'fixture@2' } })).rejects.toMatchObject({
        code: 'conflict',
      });
    } finally {
      await bare.close();
    }
  });

  test('with a model that does not run here fails and says so', { timeout: 300_000 }, async () => {
    const broken = built((manifest) => ({ ...manifest, version: '6' }));
    broken.replace('encoder', Buffer.from('this is no ONNX model'));
    broken.rewrite((known) => ({
      ...known,
      version: '6',
      files: { ...known.files, encoder: manifestOf(broken).files.encoder },
    }));
    await add(broken);
    const { id } = await compare('fixture@6');
    expect(await finished(id)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('the candidate model does not run here'),
      result: null,
    });
  });

  test('can be cancelled, and asks for models that there are', { timeout: 120_000 }, async () => {
    await expect(compare('nothing@1')).rejects.toMatchObject({ code: 'not_found' });
    await expect(compare('fixture@1')).rejects.toMatchObject({ code: 'conflict' });
    await add(lenient('7'));
    const { id } = await compare('fixture@7');
    const cancelled: DetectorComparison = await server.call('detector.comparisons.cancel', {
      params: { id },
    });
    expect(cancelled.state).toBe('cancelled');
    const again = server.call('detector.comparisons.cancel', { params: { id } });
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
    expect((await finished(id)).state).toBe('cancelled');
  });
});

describe('the switch', () => {
  const INJECTION = { id: 'injection', check: 'text/injection', authors: ['user'], action: 'block' };
  const use = (body: object): Promise<DetectorStatus> => server.call('detector.use', { body });
  const forGateways = async (): Promise<Snapshot['detector']> =>
    ((await server.call('gateway.snapshot', { query: {}, answer: {} })) as Snapshot).detector;

  test('takes a comparison with the live model, or a reason; the way back is the same', {
    timeout: 300_000,
  }, async () => {
    const added = await add(lenient('8'));
    expect(await forGateways()).toBeNull();
    await expect(use({ model: 'fixture@8' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(use({ model: 'fixture@1' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(use({ model: 'nothing@1', override: 'because I can' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(use({ model: 'fixture@8', override: 'why' })).rejects.toThrow();
    const { id } = await compare('fixture@8', 5);
    await expect(use({ model: 'fixture@8' })).rejects.toMatchObject({ code: 'conflict' });
    expect((await finished(id)).state).toBe('done');
    const status = await use({ model: 'fixture@8' });
    expect(status).toMatchObject({
      live: { name: 'fixture@8', live: true },
      switches: [
        {
          number: 1,
          model: 'fixture@8',
          sha256: added.sha256,
          before: 'fixture@1',
          beforeSha256: manifestDigest(own.manifest),
          comparisonId: id,
          override: '',
        },
      ],
    });
    await vi.waitFor(async () =>
      expect(await forGateways()).toEqual({ name: 'fixture@8', sha256: added.sha256 }),
    );
    // The playground judges by what is live.
    const zebra = {
      document: { rules: [INJECTION] },
      segments: [{ author: 'user', text: 'a zebra is here' }],
    };
    const tried = async () => ((await server.call('policies.try', { body: zebra })) as TryResult).verdict;
    await vi.waitFor(async () => expect(await tried()).toBe('allow'), { timeout: 60_000, interval: 500 });
    const remove = server.call('detector.models.remove', { params: { name: 'fixture@8' } });
    await expect(remove).rejects.toMatchObject({ code: 'conflict' });
    const back = await use({ model: 'fixture@1' });
    expect(back.live).toMatchObject({ name: 'fixture@1', builtIn: true });
    expect(back.switches[0]).toMatchObject({ comparisonId: id });
    await vi.waitFor(async () => expect(await forGateways()).toBeNull());
    await vi.waitFor(async () => expect(await tried()).toBe('block'), { timeout: 60_000, interval: 500 });
    await add(lenient('9'));
    const overridden = await use({ model: 'fixture@9', override: 'an attack is under way' });
    expect(overridden.switches[0]).toMatchObject({ comparisonId: null, override: 'an attack is under way' });
    await use({ model: 'fixture@1', override: 'the attack is over' });
    const used = (await server.audited()).filter(({ action }) => action === 'detector.model_used');
    expect(used.map(({ subject }) => subject).toSorted()).toEqual([
      'detector-model:fixture@1',
      'detector-model:fixture@1',
      'detector-model:fixture@8',
      'detector-model:fixture@9',
    ]);
  });

  test('counts in the order in which people switched, whatever the clock said', async () => {
    const ahead = await add(lenient('10'));
    const behind = await add(lenient('11'));
    skewMs = 3_600_000;
    await use({ model: 'fixture@10', override: 'the clock is ahead' });
    skewMs = -3_600_000;
    const { live, switches } = await use({ model: 'fixture@11', override: 'the clock was put right' });
    expect(live.name).toBe('fixture@11');
    expect(switches.slice(0, 2).map(({ model }) => model)).toEqual(['fixture@11', 'fixture@10']);
    expect((switches[0]?.number ?? 0) - (switches[1]?.number ?? 0)).toBe(1);
    expect(await forGateways()).toEqual({ name: 'fixture@11', sha256: behind.sha256 });
    skewMs = 0;
    expect(
      (await server.call('detector.models.get', { params: { name: ahead.sha256 } })) as object,
    ).toMatchObject({
      name: 'fixture@10',
      live: false,
    });
    await use({ model: 'fixture@1', override: 'the test is over' });
  });

  test('does not take a comparison of another model that had the same name', {
    timeout: 300_000,
  }, async () => {
    await add(lenient('12'));
    expect((await finished((await compare('fixture@12', 5)).id)).state).toBe('done');
    await server.call('detector.models.remove', { params: { name: 'fixture@12' } });
    await add(built((manifest) => ({ ...manifest, version: '12' })));
    await expect(use({ model: 'fixture@12' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('was not compared'),
    });
  });

  test('keeps to the digest where the product’s own model comes to the name of the live one', async () => {
    const added = await add(lenient('13'));
    await use({ model: 'fixture@13', override: 'it will be shadowed' });
    own.rewrite((manifest) => ({ ...manifest, version: '13' }));
    // Its object store is another folder, which it finds empty at first.
    const renewed = await startTestServer({ beside: server, mayWarn: true });
    try {
      const { rows } = await server.open.pool.query('select manifest_sha256 as sha256 from detector_models');
      for (const { sha256 } of rows) await renewed.objects.put(server.objects.open(sha256));
      const call = renewed.call;
      const status: DetectorStatus = await call('detector.status');
      expect(status.live).toMatchObject({ name: 'fixture@13', sha256: added.sha256, builtIn: false });
      const { items }: { items: DetectorModel[] } = await call('detector.models.list');
      const called = items.filter(({ name }) => name === 'fixture@13');
      expect(called.map(({ builtIn, live }) => [builtIn, live])).toEqual([
        [true, false],
        [false, true],
      ]);
      await expect(call('detector.models.get', { params: { name: 'fixture@13' } })).rejects.toMatchObject({
        code: 'conflict',
        hint: expect.stringContaining(added.sha256 ?? ''),
      });
      const ownDigest = called[0]?.sha256;
      await call('detector.use', { body: { model: ownDigest, override: 'the way back to our own' } });
    } finally {
      own.rewrite((manifest) => manifest);
      await renewed.close();
    }
  });

  test('and whatever else changes the detector for all is refused to keys and people of a part', async () => {
    const parts = [
      { ...principalWith(), endpoints: new Set([randomUUID()]) },
      { ...principalWith(), endpoints: new Set<string>(), teams: new Set<string>() },
    ];
    const model = lenient('14');
    await add(lenient('15'));
    const { id } = await compare('fixture@15', 5);
    const calls: [string, object][] = [
      ['detector.use', { body: { model: 'fixture@15', override: 'nobody will notice' } }],
      ['detector.models.add', { body: { manifest: manifestOf(model) } }],
      ['detector.models.sendFile', { params: { digest: 'a'.repeat(64) }, bytes: chunksOf(Buffer.alloc(1)) }],
      ['detector.models.remove', { params: { name: 'fixture@15' } }],
      ['detector.comparisons.create', { body: { candidate: 'fixture@15' } }],
      ['detector.comparisons.cancel', { params: { id } }],
    ];
    for (const principal of parts) {
      for (const [route, input] of calls) {
        await expect(server.call(route, { ...input, principal })).rejects.toMatchObject({
          code: 'forbidden',
        });
      }
    }
    await server.call('detector.comparisons.cancel', { params: { id } });
  });

  test('gives gateways the files of models, and nothing else of the object store', async () => {
    const { sha256, files } = await add(lenient('8'));
    for (const digest of [sha256, ...files.map((file) => file.sha256)]) {
      const chunks: AsyncIterable<Uint8Array> = await server.call('gateway.detectorFile', {
        params: { digest },
      });
      const bytes = [];
      for await (const chunk of chunks) bytes.push(chunk);
      expect(createHash('sha256').update(Buffer.concat(bytes)).digest('hex')).toBe(digest);
    }
    const secret = await server.objects.put(chunksOf(Buffer.from('of another domain')));
    const asked = server.call('gateway.detectorFile', { params: { digest: secret.sha256 } });
    await expect(asked).rejects.toMatchObject({ code: 'not_found' });
  });
});

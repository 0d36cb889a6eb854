import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type World } from '../../../permissions/world.ts';

/**
 * The protocol as the Python client 3.17 speaks it, over HTTP on a whole server. Requests are written after what that
 * client was seen to send; it is not needed here.
 */

let world: World;
let key: string;
let serial = 0;
const ALL = ['models.read', 'models.download', 'models.write', 'models.manage'];

beforeAll(async () => {
  world = await startWorld();
  key = await newKey(ALL);
}, 300_000);
afterAll(() => world?.close());

async function newKey(scopes: readonly string[]): Promise<string> {
  return (await world.keyWith(scopes, { endpoints: [] })).authorization ?? '';
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: ReturnType<typeof JSON.parse>;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** Sends the path as it is: `fetch` would tidy it up. */
function send(method: string, path: string, given: { body?: unknown; bytes?: Buffer; as?: string } = {}) {
  const { hostname, port } = new URL(world.url);
  const payload =
    given.bytes ?? (given.body === undefined ? undefined : Buffer.from(JSON.stringify(given.body)));
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        path,
        method,
        headers: {
          authorization: given.as ?? key,
          ...(given.bytes ? { 'content-type': 'application/octet-stream' } : {}),
          ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(payload ? { 'content-length': payload.length } : {}),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          let body: unknown = null;
          try {
            body = JSON.parse(text);
          } catch {
            // Bytes of a file.
          }
          resolve({ status: response.statusCode ?? 0, body, text, headers: response.headers });
        });
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}

const V2 = '/api/2.0/mlflow';
const FILES = '/api/2.0/mlflow-artifacts/artifacts';

async function ok(method: string, path: string, body?: unknown) {
  const answer = await send(method, path, body === undefined ? {} : { body });
  expect([path, answer.status, answer.status === 200 ? '' : answer.text]).toEqual([path, 200, '']);
  return answer.body;
}

async function newRun(): Promise<{ id: string; root: string; experiment: string }> {
  const { experiment_id } = await ok('POST', `${V2}/experiments/create`, {
    name: `wire ${serial++}`,
    tags: [],
  });
  const { run } = await ok('POST', `${V2}/runs/create`, {
    experiment_id,
    user_id: 'ada',
    start_time: 1_700_000_000_000,
    tags: [{ key: 'mlflow.user', value: 'ada' }],
    run_name: 'first',
  });
  return {
    id: run.info.run_id,
    root: run.info.artifact_uri.replace('mlflow-artifacts:/', ''),
    experiment: experiment_id,
  };
}

const put = (path: string, text: string) => send('PUT', `${FILES}/${path}`, { bytes: Buffer.from(text) });

describe('a run', () => {
  test('takes what clients log, in the forms of protobuf', async () => {
    const { id } = await newRun();
    await ok('POST', `${V2}/runs/log-batch`, {
      run_id: id,
      metrics: [
        { key: 'a', value: 0.5, timestamp: '1000', step: '1' },
        { key: 'a', value: 'NaN', timestamp: 1001, step: 2 },
        { key: 'b', value: '-Infinity', timestamp: 1, step: -3, unknown_member: { x: 1 } },
        { key: 'c', value: '1e-3' },
      ],
      params: [{ key: 'p', value: '1' }, { key: 'empty' }],
      tags: null,
    });
    await ok('POST', `${V2}/runs/log-metric`, {
      run_uuid: id,
      run_id: '',
      key: 'd',
      value: 2,
      timestamp: 5,
      step: null,
    });
    const { run } = await ok('GET', `${V2}/runs/get?run_uuid=${id}&run_id=${id}`);
    const metrics = Object.fromEntries(
      run.data.metrics.map((one: { key: string; value: unknown }) => [one.key, one.value]),
    );
    expect(metrics).toEqual({ a: 'NaN', b: '-Infinity', c: 0.001, d: 2 });
    expect(run.data.params).toEqual([
      { key: 'empty', value: '' },
      { key: 'p', value: '1' },
    ]);
    const { metrics: history } = await ok(
      'GET',
      `${V2}/metrics/get-history?run_id=${id}&metric_key=a&max_results=25000`,
    );
    expect(
      history.map(({ step, timestamp }: { step: number; timestamp: number }) => [step, timestamp]),
    ).toEqual([
      [1, 1000],
      [2, 1001],
    ]);
    const { run_info } = await ok('POST', `${V2}/runs/update`, {
      run_id: id,
      status: 'FINISHED',
      end_time: 2_000_000_000_000,
    });
    expect(run_info).toMatchObject({
      status: 'FINISHED',
      end_time: 2_000_000_000_000,
      lifecycle_stage: 'active',
    });
    expect((await ok('POST', `${V2}/runs/update`, { run_id: id, status: 4 })).run_info.status).toBe('FAILED');
  });

  test.each([
    [{ metrics: [{ key: 'm', value: 'four' }] }],
    [{ metrics: [{ key: 'm', value: true }] }],
    [{ metrics: [{ key: 'm', value: 1, step: 2 ** 60 }] }],
    [{ metrics: [{ key: 'm', value: 1, timestamp: 'soon' }] }],
    [{ metrics: 'all' }],
    [{ params: [{ key: '../p', value: '1' }] }],
    [{ tags: Array.from({ length: 101 }, (_, index) => ({ key: `t${index}`, value: '' })) }],
  ])('refuses %j', async (batch) => {
    const { id } = await newRun();
    const answer = await send('POST', `${V2}/runs/log-batch`, { body: { run_id: id, ...batch } });
    expect([answer.status, answer.body.error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
  });

  test('in the default experiment is where clients expect it', async () => {
    const { run } = await ok('POST', `${V2}/runs/create`, { experiment_id: '0' });
    expect(run.info).toMatchObject({ experiment_id: '0', status: 'RUNNING', lifecycle_stage: 'active' });
    expect(run.info.artifact_uri).toMatch(/^mlflow-artifacts:\/0\/[0-9a-f]{32}\/artifacts$/);
  });
});

/** As `mlflow.sklearn.log_model(registered_model_name=…)` does it. */
async function logAndRegister(
  files: Readonly<Record<string, string>>,
  { name = `wire model ${serial++}`, steps = 0 } = {},
) {
  const run = await newRun();
  await ok('POST', `${V2}/runs/log-batch`, {
    run_id: run.id,
    metrics: Array.from({ length: steps }, (_, step) => ({
      key: 'loss',
      value: 1 / (step + 1),
      timestamp: 9,
      step,
    })),
  });
  await ok('POST', `${V2}/runs/log-inputs`, {
    run_id: run.id,
    datasets: [
      {
        tags: [{ key: 'mlflow.data.context', value: 'training' }],
        dataset: {
          name: 'iris',
          digest: 'abc123',
          source_type: 'http',
          source: '{"url":"https://example.com"}',
          schema: '{}',
        },
      },
    ],
    models: [],
  });
  const { model } = await ok('POST', `${V2}/logged-models`, {
    experiment_id: run.experiment,
    name: 'classifier',
    source_run_id: run.id,
    params: [],
    tags: [{ key: 'mlflow.user', value: 'ada' }],
  });
  const { model_id: modelId, artifact_uri: uri } = model.info;
  await ok('POST', `${V2}/runs/outputs`, { run_id: run.id, models: [{ model_id: modelId, step: '0' }] });
  // The client copies to the model what its run logged at step 0, where it is told of no other step.
  const first = steps > 0 ? [{ key: 'loss', value: 1, timestamp: 9, step: 0, model_id: modelId }] : [];
  const metrics = [{ key: 'accuracy', value: 0.9, timestamp: 1, step: 0, model_id: modelId }, ...first];
  await ok('POST', `${V2}/runs/log-batch`, { run_id: run.id, metrics });
  for (const [path, text] of Object.entries(files)) {
    expect((await put(`${uri.replace('mlflow-artifacts:/', '')}/${path}`, text)).status).toBe(200);
  }
  await ok('PATCH', `${V2}/logged-models/${modelId}`, { status: 'LOGGED_MODEL_READY' });
  const made = await send('POST', `${V2}/registered-models/create`, { body: { name } });
  expect(['', 'RESOURCE_ALREADY_EXISTS']).toContain(made.body.error_code ?? '');
  const { model_version: version } = await ok('POST', `${V2}/model-versions/create`, {
    name,
    source: `models:/${modelId}`,
    model_id: modelId,
  });
  return { run, modelId, uri, name, version };
}

describe('a model that is logged and registered', () => {
  test('is a version with the files, run, datasets and metrics that it was made of', async () => {
    const { run, modelId, name, version } = await logAndRegister({
      MLmodel: 'flavors: {}',
      'data/w.txt': 'weights',
    });
    expect(version).toMatchObject({
      name,
      version: '1',
      status: 'READY',
      run_id: run.id,
      model_id: modelId,
      current_stage: 'None',
    });
    await ok('POST', `${V2}/registered-models/alias`, { name, alias: 'champion', version: '1' });
    const { model_version } = await ok(
      'GET',
      `${V2}/registered-models/alias?name=${encodeURIComponent(name)}&alias=champion`,
    );
    expect(model_version.aliases).toEqual(['champion']);
    const { artifact_uri } = await ok(
      'GET',
      `${V2}/model-versions/get-download-uri?name=${encodeURIComponent(name)}&version=1`,
    );
    const root = artifact_uri.replace('mlflow-artifacts:/', '');
    expect((await ok('GET', `${FILES}?path=${root}`)).files).toEqual([
      { path: 'MLmodel', is_dir: false, file_size: 11, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { path: 'data', is_dir: true },
    ]);
    const file = await send('GET', `${FILES}/${root}/data/w.txt`);
    expect([file.status, file.text]).toEqual([200, 'weights']);
    expect(file.headers).toMatchObject({
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    });
    const shown = await world.must(
      'models.version',
      { authorization: key },
      { params: { model: name, version: '1' } },
    );
    expect(shown.body).toMatchObject({
      metrics: [{ key: 'accuracy', value: 0.9 }],
      datasets: [{ name: 'iris', digest: 'abc123', context: 'training' }],
      source: `models:/${modelId}`,
    });
    const detail = await world.must('runs.get', { authorization: key }, { params: { id: shown.body.runId } });
    expect(detail.body).toMatchObject({
      models: [{ name: 'classifier', status: 'ready', files: 2, versions: [{ model: name, version: 1 }] }],
      versions: [{ model: name, version: 1 }],
      datasets: [{ name: 'iris', context: 'training' }],
    });
  });

  test('has the last value of what its run measured again and again', async () => {
    const { name } = await logAndRegister({ f: 'x' }, { steps: 20 });
    const { body } = await world.must(
      'models.version',
      { authorization: key },
      { params: { model: name, version: '1' } },
    );
    expect(body.metrics).toEqual([
      { key: 'accuracy', value: 0.9 },
      { key: 'loss', value: 0.05 },
    ]);
  });

  test('never changes in its files, whatever becomes of the logged model', async () => {
    const { uri, name, modelId } = await logAndRegister({ f: 'before' });
    await put(`${uri.replace('mlflow-artifacts:/', '')}/f`, 'after');
    const { artifact_uri } = await ok(
      'GET',
      `${V2}/model-versions/get-download-uri?name=${encodeURIComponent(name)}&version=1`,
    );
    const root = artifact_uri.replace('mlflow-artifacts:/', '');
    expect((await put(`${root}/f`, 'after')).body.error_code).toBe('PERMISSION_DENIED');
    expect((await send('DELETE', `${FILES}/${root}/f`)).body.error_code).toBe('PERMISSION_DENIED');
    await ok('DELETE', `${V2}/logged-models/${modelId}`);
    expect((await send('GET', `${FILES}/${root}/f`)).text).toBe('before');
  });

  test('is refused where it is malicious, and says so to the client', async () => {
    // A pickle that would call os.system: protocol 0, as text, so that nothing here ever makes one by running code.
    const evil = "cos\nsystem\n(S'true'\ntR.";
    const { name } = await logAndRegister({ 'model.pkl': evil });
    const { artifact_uri } = await ok(
      'GET',
      `${V2}/model-versions/get-download-uri?name=${encodeURIComponent(name)}&version=1`,
    );
    const file = await send('GET', `${FILES}/${artifact_uri.replace('mlflow-artifacts:/', '')}/model.pkl`);
    expect([file.status, file.body.error_code]).toEqual([403, 'PERMISSION_DENIED']);
    expect(file.body.message).toMatch(/quarantine/);
    const { model_version } = await ok(
      'GET',
      `${V2}/model-versions/get?name=${encodeURIComponent(name)}&version=1`,
    );
    expect(model_version.status).toBe('FAILED_REGISTRATION');
    expect(model_version.status_message).toMatch(/quarantine/);
    const alias = await send('POST', `${V2}/registered-models/alias`, {
      body: { name, alias: 'champion', version: '1' },
    });
    expect(alias.body.error_code).toBe('PERMISSION_DENIED');
  }, 300_000);

  test('is found as the fluent API asks for it', async () => {
    const { name } = await logAndRegister({ f: 'x' });
    const filter = encodeURIComponent(`tag.\`mlflow.prompt.is_prompt\` != 'true' AND name = '${name}'`);
    const { registered_models } = await ok(
      'GET',
      `${V2}/registered-models/search?max_results=100&filter=${filter}`,
    );
    expect(registered_models).toMatchObject([{ name, latest_versions: [{ version: '1' }] }]);
  });
});

describe('what MLflow’s own server was broken with', () => {
  const CLIMBS = [
    '../../../../etc/passwd',
    '..%2f..%2f..%2fetc/passwd',
    '%2e%2e/%2e%2e/etc/passwd',
    '%252e%252e/%252e%252e/etc/passwd',
    '..%5c..%5cetc%5cpasswd',
    '..%00/x',
    'a/./b',
    'a/%2e%2e/%2e%2e/b',
    '%2fetc/passwd',
    'file:%2f%2f%2fetc%2fpasswd',
    'a%0d%0ab',
  ];

  test.each(CLIMBS)('paths that climb: %s', async (path) => {
    const { root } = await newRun();
    for (const [method, bytes] of [['PUT', Buffer.from('x')], ['GET'], ['DELETE']] as const) {
      const answer = await send(method, `${FILES}/${root}/${path}`, bytes ? { bytes } : {});
      expect([method, answer.status, answer.body?.error_code]).toEqual([
        method,
        400,
        'INVALID_PARAMETER_VALUE',
      ]);
    }
    const listed = await send('GET', `${FILES}?path=${encodeURIComponent(`${root}/`)}${path}`);
    expect(listed.status).toBe(400);
  });

  test.each(['etc/passwd', '0', '', 'versions', 'versions/x/f', '0/x/artifacts/f', 'models/x'])(
    'files outside of runs and models: %j',
    async (path) => {
      expect(
        (await send('PUT', `${FILES}/${path}`, { bytes: Buffer.from('x') })).status,
      ).toBeGreaterThanOrEqual(400);
      expect((await send('GET', `${FILES}/${path}`)).status).toBeGreaterThanOrEqual(path === '' ? 200 : 400);
    },
  );

  test.each([
    'file:///etc',
    '/etc',
    's3://b/x',
    'mlflow-artifacts:/../..',
    'mlflow-artifacts://host/x',
    'dbfs:/x',
    '../x',
    'file:/x#/../..',
  ])(
    'experiments that keep their files elsewhere: %s (CVE-2023-6909, CVE-2024-1483, CVE-2024-3848)',
    async (artifact_location) => {
      const answer = await send('POST', `${V2}/experiments/create`, {
        body: { name: `at ${serial++}`, artifact_location },
      });
      expect(answer.body.error_code).toBe('INVALID_PARAMETER_VALUE');
    },
  );

  test('versions whose source is somewhere else (CVE-2023-6909, CVE-2026-2614)', async () => {
    const { root, id } = await newRun();
    await put(`${root}/m/f`, 'x');
    const name = `sources ${serial++}`;
    await ok('POST', `${V2}/registered-models/create`, { name });
    const sources = [
      'file:///etc/passwd',
      'file://localhost/etc',
      '/etc/passwd',
      'http://169.254.169.254/latest',
      's3://bucket/m',
      `mlflow-artifacts://evil.example/${root}/m`,
      `mlflow-artifacts:/${root}/m/../../..`,
      `mlflow-artifacts:/${root}/%2e%2e/m`,
      `mlflow-artifacts:/1/${root}`,
      `runs:/${id}/../m`,
      `runs:/${id}/%252e%252e/m`,
      `runs://evil@host/${id}/m`,
      'models:/../x/1',
      'models:/m-1/../../etc',
      `RUNS:/${id}/m`,
      '',
    ];
    for (const source of sources) {
      const answer = await send('POST', `${V2}/model-versions/create`, {
        body: { name, source, run_id: id },
      });
      expect([source, answer.status < 500 && answer.status >= 400]).toEqual([source, true]);
      expect(['INVALID_PARAMETER_VALUE', 'RESOURCE_DOES_NOT_EXIST']).toContain(answer.body.error_code);
    }
    expect(await ok('POST', `${V2}/model-versions/create`, { name, source: `runs:/${id}/m` })).toMatchObject({
      model_version: { version: '1', run_id: id },
    });
  });

  test('routes that nobody asked for a key (CVE-2026-0545, CVE-2026-2652)', async () => {
    const paths = [
      `${V2}/experiments/search`,
      `${V2}/runs/search`,
      `${FILES}/x`,
      `${FILES}?path=x`,
      '/api/2.0/mlflow/nothing',
      '/api/3.0/mlflow/server-info',
      '/api/3.0/mlflow/jobs',
      '/ajax-api/3.0/jobs',
      '/v1/traces',
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await send(method, path, { as: 'Bearer bz_nobody' });
        expect([method, path, [401, 404]]).toEqual([method, path, expect.arrayContaining([answer.status])]);
        expect(answer.body.error_code ?? answer.body.error?.code).toMatch(/UNAUTHENTICATED|not_found/i);
      }
    }
  });

  test('keys that may only read change and fetch nothing', async () => {
    const reader = await newKey(['models.read']);
    const { root, id } = await newRun();
    await put(`${root}/f`, 'x');
    for (const [method, path, body] of [
      ['GET', `${FILES}/${root}/f`, undefined],
      ['POST', `${V2}/runs/set-tag`, { run_id: id, key: 'a', value: 'b' }],
      ['POST', `${V2}/runs/delete`, { run_id: id }],
      ['POST', `${V2}/experiments/create`, { name: 'x' }],
    ] as const) {
      const answer = await send(method, path, { as: reader, ...(body ? { body } : {}) });
      expect([path, answer.status, answer.body.error_code]).toEqual([path, 403, 'PERMISSION_DENIED']);
    }
    expect((await send('PUT', `${FILES}/${root}/f`, { as: reader, bytes: Buffer.from('y') })).status).toBe(
      403,
    );
    expect((await send('GET', `${V2}/runs/get?run_id=${id}`, { as: reader })).status).toBe(200);
  });
});

describe('what is not offered', () => {
  test.each([
    ['GET', '/api/2.0/mlflow/unknown/thing'],
    ['POST', '/api/3.0/mlflow/traces'],
    ['POST', '/ajax-api/2.0/mlflow/jobs'],
    ['POST', '/v1/traces'],
    ['GET', '/api/2.0/mlflow-artifacts/presigned/x'],
  ])('%s %s says so in MLflow’s form', async (method, path) => {
    const answer = await send(method, path, method === 'POST' ? { body: {} } : {});
    expect([answer.status, answer.body.error_code]).toEqual([404, 'ENDPOINT_NOT_FOUND']);
  });

  test('multipart uploads fall back to one PUT', async () => {
    const answer = await send('POST', '/api/2.0/mlflow-artifacts/mpu/create/0/x', {
      body: { path: 'f', num_parts: 2 },
    });
    expect([answer.status, answer.body.message]).toEqual([
      501,
      expect.stringMatching(/^Multipart upload is not supported/),
    ]);
    expect(await ok('GET', '/api/3.0/mlflow/server-info')).toMatchObject({
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
    });
  });
});

test('downloads are audited, each once an hour for a caller and what was fetched', async () => {
  const { root, id } = await newRun();
  await put(`${root}/a`, 'one');
  await put(`${root}/b`, 'two');
  for (const path of ['a', 'b', 'a'])
    expect((await send('GET', `${FILES}/${root}/${path}`)).status).toBe(200);
  const uuid = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const { rows } = await world.pool.query(
    `select action from audit_entries where subject = $1 and action like 'models.%'`,
    [`run:${uuid}`],
  );
  expect(rows.length).toBeGreaterThanOrEqual(1);
  expect(rows.length).toBeLessThanOrEqual(2);
});

test('bytes come back as they were sent', async () => {
  const { root } = await newRun();
  const bytes = Buffer.alloc(3 * 1024 * 1024, 'abc\0');
  expect((await send('PUT', `${FILES}/${root}/large.bin`, { bytes })).status).toBe(200);
  const { rows } = await world.pool.query(`select sha256 from artifact_files where path = 'large.bin'`);
  expect(rows).toEqual([{ sha256: createHash('sha256').update(bytes).digest('hex') }]);
  const back = await send('GET', `${FILES}/${root}/large.bin`);
  expect(back.headers['content-length']).toBe(String(bytes.length));
});

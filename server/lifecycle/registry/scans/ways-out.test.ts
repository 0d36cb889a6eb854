import { ALL_ROUTES } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Credential, startWorld, type World } from '../../../permissions/world.ts';

/** Every way in which files of models and runs leave a whole server, tried over HTTP with a file that attacks. */

/** A pickle that would call `os.system("id")`, as bytes. Nothing ever loads it. */
const MALICIOUS = Buffer.from("cos\nsystem\n(S'id'\ntR.", 'latin1');
const POLL = { timeout: 60_000, interval: 250 };
const V2 = '/api/2.0/mlflow';
const FILES = '/api/2.0/mlflow-artifacts/artifacts';

let world: World;
let key: Credential;
beforeAll(async () => {
  world = await startWorld();
  key = await world.keyWith(['models.read', 'models.download', 'models.write'], { endpoints: [] });
}, 300_000);
afterAll(() => world?.close());

async function send(
  method: string,
  path: string,
  given: { body?: unknown; bytes?: Buffer; range?: string } = {},
) {
  const { body, bytes, range } = given;
  const answer = await fetch(world.url + path, {
    method,
    headers: {
      ...key,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      ...(range === undefined ? {} : { range }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(bytes === undefined ? {} : { body: new Uint8Array(bytes) }),
  });
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}

async function ok(method: string, path: string, given: { body?: unknown; bytes?: Buffer } = {}) {
  const { status, bytes } = await send(method, path, given);
  const text = bytes.toString();
  expect([path, status, status < 300 ? '' : text]).toEqual([path, status < 300 ? status : 200, '']);
  return JSON.parse(text === '' ? '{}' : text);
}

/** The same attack as a file of a run, of a model that it logged, and of versions made of both and of an upload. */
async function plant() {
  const { experiment_id: experiment } = await ok('POST', `${V2}/experiments/create`, {
    body: { name: 'ways' },
  });
  const { run } = await ok('POST', `${V2}/runs/create`, { body: { experiment_id: experiment } });
  const { model } = await ok('POST', `${V2}/logged-models`, {
    body: { experiment_id: experiment, name: 'm', source_run_id: run.info.run_id, params: [], tags: [] },
  });
  const roots = [run.info.artifact_uri, model.info.artifact_uri].map((uri: string) =>
    uri.replace('mlflow-artifacts:/', ''),
  );
  for (const root of roots) await ok('PUT', `${FILES}/${root}/model.pkl`, { bytes: MALICIOUS });
  await ok('PATCH', `${V2}/logged-models/${model.info.model_id}`, { body: { status: 'LOGGED_MODEL_READY' } });
  await ok('POST', `${V2}/registered-models/create`, { body: { name: 'logged' } });
  await ok('POST', `${V2}/model-versions/create`, {
    body: { name: 'logged', source: `models:/${model.info.model_id}`, model_id: model.info.model_id },
  });
  const upload = await ok('POST', '/api/v1/uploads', {
    body: { model: 'sent', files: [{ path: 'model.pkl', size: MALICIOUS.length }] },
  });
  await ok('PUT', `/api/v1/uploads/${upload.id}/files/model.pkl?offset=0`, { bytes: MALICIOUS });
  await ok('POST', `/api/v1/uploads/${upload.id}/finish`, { body: {} });
  const uriOf = async (name: string) =>
    (await ok('GET', `${V2}/model-versions/get-download-uri?name=${name}&version=1`)).artifact_uri.replace(
      'mlflow-artifacts:/',
      '',
    );
  const idOf = async (name: string): Promise<string> =>
    (await ok('GET', `/api/v1/models/${name}/versions/1`)).id;
  const runId = (await ok('GET', '/api/v1/runs')).items[0].id as string;
  const loggedId = (model.info.model_id as string)
    .slice(2)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const ofRun = `/api/v1/runs/${runId}/artifacts/file?path=model.pkl`;
  return {
    versions: { logged: await idOf('logged'), sent: await idOf('sent') },
    /** Of runs and what they logged. */
    loose: [
      ...roots.map((root: string) => `${FILES}/${root}/model.pkl`),
      ofRun,
      `${ofRun}&model=${loggedId}`,
    ],
    ofVersion: {
      logged: [
        `${FILES}/${await uriOf('logged')}/model.pkl`,
        '/api/v1/models/logged/versions/1/files/model.pkl',
      ],
      sent: [`${FILES}/${await uriOf('sent')}/model.pkl`, '/api/v1/models/sent/versions/1/files/model.pkl'],
    },
  };
}

/** Not even a piece of it, whatever is asked for. */
async function expectRefused(path: string): Promise<void> {
  for (const range of [undefined, 'bytes=0-9', 'bytes=-5']) {
    const given = range === undefined ? {} : { range };
    const asked = async () => {
      const { status, bytes } = await send('GET', path, given);
      expect(bytes.includes('system')).toBe(false);
      return `${path} ${status}`;
    };
    // Until there is a verdict a caller is told to come again.
    await expect.poll(asked, POLL).toBe(`${path} 403`);
  }
}

async function expectGiven(path: string): Promise<void> {
  const { status, bytes } = await send('GET', path);
  expect([path, status]).toEqual([path, 200]);
  expect(bytes.equals(MALICIOUS)).toBe(true);
}

async function acceptAll(versionId: string): Promise<void> {
  const { body } = await world.must('scans.findings', world.admin, { params: { id: versionId } });
  const striking = body.items.filter(({ quarantines }: { quarantines: boolean }) => quarantines);
  expect(striking.length).toBeGreaterThan(0);
  for (const { id } of striking) {
    await world.must('scans.accept', world.admin, {
      params: { id: versionId, finding: id },
      body: { reason: 'we wrote this file ourselves', expiresAt: Date.now() + 86_400_000 },
    });
  }
}

test('the routes that give out bytes of artifacts are the ones that are tried here', () => {
  const routes = ALL_ROUTES.filter(
    ({ streams, access }) => streams === 'application/octet-stream' && access === 'models.download',
  );
  expect(routes.map(({ id }) => id).sort()).toEqual([
    'mlflow.artifacts.get',
    'models.downloadFile',
    'runs.artifact',
  ]);
});

test('no way leads to a file that attacks until who may has accepted it, and every one does then', async () => {
  const { versions, loose, ofVersion } = await plant();
  const all = [...ofVersion.sent, ...ofVersion.logged, ...loose];
  for (const path of all) await expectRefused(path);
  // Nor may it be led to.
  const alias = await send('POST', `${V2}/registered-models/alias`, {
    body: { name: 'logged', alias: 'champion', version: '1' },
  });
  expect(alias.status).toBe(403);
  await acceptAll(versions.sent);
  for (const path of ofVersion.sent) await expectGiven(path);
  // What was accepted for one version holds for that one; and, being everybody's, for the same content outside of any.
  for (const path of ofVersion.logged) await expectRefused(path);
  await acceptAll(versions.logged);
  for (const path of all) await expectGiven(path);
  for (const id of Object.values(versions)) {
    const { body } = await world.must('scans.findings', world.admin, { params: { id } });
    const [finding] = body.items.filter(({ acceptance }: { acceptance: unknown }) => acceptance !== null);
    await world.must('scans.withdraw', world.admin, { params: { id, finding: finding.id } });
  }
  for (const path of all) await expectRefused(path);
}, 240_000);

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type DataLineageGraph,
  type DataPush,
  dataLineageRoutes,
  dataPushRoutes,
  identityRoutes,
  type Trace,
} from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { signInAsAdmin, startInstance, type TestInstance } from '../../support/instance.ts';

const run = promisify(execFile);
const VENV = join(import.meta.dirname, '../../../.cache/lineage-clients');
const PYTHON = join(VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
// The MLflow client takes descriptions of datasets only where NumPy and pandas are there.
const PACKAGES = ['openlineage-python==1.54.0', 'mlflow-skinny==3.17.2', 'numpy==2.4.6', 'pandas==3.1.1'];
const INSTALL_MS = 200_000;

const works = (command: string, args: readonly string[], timeout = 60_000): boolean =>
  spawnSync(command, args, { timeout, stdio: 'ignore' }).status === 0;

/** Makes a virtual environment with both clients, kept between runs. Says why when that cannot be done here. */
function pythonMissing(): string | null {
  const ready = (): boolean => works(PYTHON, ['-c', 'import openlineage.client, mlflow.data.meta_dataset']);
  if (existsSync(PYTHON) && ready()) return null;
  if (!works('python3', ['--version'])) return 'there is no python3 on this machine';
  mkdirSync(join(VENV, '..'), { recursive: true });
  if (!works('python3', ['-m', 'venv', VENV], INSTALL_MS)) return 'python3 cannot make a virtual environment';
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--retries',
    '1',
    '--timeout',
    '10',
  ];
  if (!works(PYTHON, [...pip, ...PACKAGES], INSTALL_MS) || !ready())
    return 'the Python clients cannot be installed (no network?)';
  return null;
}

const missing = pythonMissing();

describe.skipIf(missing !== null)(`Python clients${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let instance: TestInstance;
  let admin: Client;
  let told: { readonly openlineage: string; readonly digest: string; readonly address: string };

  beforeAll(async () => {
    instance = await startInstance({ args: ['--no-demo'] });
    admin = await signInAsAdmin(instance);
    const scopes = ['data.read', 'data.write', 'models.read', 'models.write'];
    const body = { name: 'jobs', scopes, endpoints: [], expiresAt: null } as never;
    const { secret } = await admin.call(identityRoutes.createKey, { body });
    const push = await pushed(secret, 'loans', 'id,amount\n1,10\n2,20\n');
    const { stdout } = await run(
      PYTHON,
      [join(import.meta.dirname, 'clients.py'), 'loans', push.version?.root ?? ''],
      {
        env: {
          PATH: process.env.PATH,
          HOME: instance.dataDir,
          OPENLINEAGE_URL: instance.console,
          OPENLINEAGE_API_KEY: secret,
          MLFLOW_TRACKING_URI: instance.console,
          MLFLOW_TRACKING_TOKEN: secret,
        },
        timeout: 120_000,
      },
    );
    told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  }, 400_000);
  afterAll(() => instance?.stop());

  async function pushed(key: string, dataset: string, content: string): Promise<DataPush> {
    const bytes = Buffer.from(content);
    const { id } = await admin.call(dataPushRoutes.create, {
      body: { dataset, format: 'csv', batch: 'first', files: [{ path: 'a.csv', size: bytes.byteLength }] },
    });
    const params = { id };
    const sent = await fetch(`${instance.console}/api/v1/data/pushes/${id}/files/a.csv`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    expect(sent.status).toBe(200);
    await admin.call(dataPushRoutes.finish, { params });
    let push = null as DataPush | null;
    await vi.waitFor(
      async () => {
        push = await admin.call(dataPushRoutes.get, { params });
        expect(push?.version?.root ?? push?.failure).toBeTruthy();
      },
      { timeout: 60_000, interval: 200 },
    );
    return push as unknown as DataPush;
  }

  const around = (id: string): Promise<DataLineageGraph> => {
    const uuid = id.replaceAll('-', '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return admin.call(dataLineageRoutes.graph, {
      query: { node: `run:${uuid}`, direction: 'both', depth: 2 },
    });
  };

  test('openlineage-python tells what a run read and wrote', async () => {
    const { nodes, edges } = await around(told.openlineage);
    expect(nodes.map(({ label }) => label).toSorted()).toEqual(
      ['clean', 'loans/first', 'loans@1', 'nightly/clean', 's3://lake/clean/loans'].toSorted(),
    );
    expect(edges).toHaveLength(4);
  });

  test.each(['digest', 'address'] as const)('mlflow names a version by its %s', async (how) => {
    const { nodes } = await around(told[how]);
    expect(nodes.map(({ label }) => label).toSorted()).toEqual([`by ${how}`, 'loans/first', 'loans@1']);
  });

  test('the trace of the version reaches them all', async () => {
    const trace: Trace = await admin.call(dataLineageRoutes.trace, { query: { subject: 'loans@1#1' } });
    expect(trace.origins).toMatchObject([{ batch: 'first', records: 2 }]);
    expect(trace.reached.runs.map(({ label }) => label).toSorted()).toEqual([
      'by address',
      'by digest',
      'clean',
    ]);
  });
});

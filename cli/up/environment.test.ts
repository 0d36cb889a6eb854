import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@bartizan/gateway/config.ts';
import { loadConfig } from '@bartizan/server/platform/config/index.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passedOn } from './environment.ts';

const hex = (): string => randomBytes(32).toString('hex');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-environment-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what up passes on', () => {
  it('makes the gateway share its limits and serve metrics as the environment says', async () => {
    const file = join(folder, 'redis.url');
    writeFileSync(file, 'redis://:word@127.0.0.1:6390/2\n');
    const config = await readConfig({
      BARTIZAN_DATA_DIR: folder,
      BARTIZAN_SERVER_URL: 'http://127.0.0.1:7600',
      BARTIZAN_MASTER_KEY: hex(),
      BARTIZAN_INTERNAL_TOKEN: hex(),
      ...passedOn('gateway', {
        BARTIZAN_REDIS_URL_FILE: file,
        BARTIZAN_REDIS_TIMEOUT_MS: '75',
        BARTIZAN_LIMITS_WITHOUT_REDIS: 'deny',
        BARTIZAN_GATEWAYS: '3',
        BARTIZAN_METRICS_PORT: '7609',
        BARTIZAN_METRICS_HOST: '127.0.0.2',
        BARTIZAN_METRICS_TOKEN: 't'.repeat(40),
      }),
    });
    expect(config.redis).toEqual({
      url: 'redis://:word@127.0.0.1:6390/2',
      timeoutMs: 75,
      without: 'deny',
      gateways: 3,
    });
    expect(config.metrics).toMatchObject({ host: '127.0.0.2', port: 7609 });
    expect(passedOn('gateway', { BARTIZAN_REDIS_URL: 'redis://h:1' })).toEqual({
      BARTIZAN_REDIS_URL: 'redis://h:1',
    });
  });

  it('lets the server leave scheduled work to others', () => {
    const settings = {
      DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x',
      BARTIZAN_MASTER_KEY: hex(),
      BARTIZAN_INTERNAL_TOKEN: hex(),
    };
    const background = (given: Record<string, string>) =>
      loadConfig({ ...settings, ...passedOn('server', given) }).background;
    expect(background({ BARTIZAN_BACKGROUND: 'off' })).toBe(false);
    expect(background({})).toBe(true);
  });

  it('gives no role a secret of another, nor what it does not know', () => {
    const all = {
      BARTIZAN_REDIS_URL: 'redis://:word@h:1',
      BARTIZAN_METRICS_TOKEN: 'token',
      BARTIZAN_BACKGROUND: 'off',
      BARTIZAN_MASTER_KEY: 'key',
      DATABASE_URL: 'postgres://u:p@h/x',
      AWS_SECRET_ACCESS_KEY: 'aws',
      OTEL_SERVICE_NAME: 'name',
    };
    expect(Object.keys(passedOn('server', all))).toEqual(['BARTIZAN_BACKGROUND']);
    expect(Object.keys(passedOn('gateway', all))).toEqual(['BARTIZAN_REDIS_URL', 'BARTIZAN_METRICS_TOKEN']);
    expect(Object.keys(passedOn('both', all))).toEqual(['OTEL_SERVICE_NAME']);
  });
});

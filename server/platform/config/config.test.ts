import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { isWeakSecret } from './config.ts';
import { ConfigError, loadConfig } from './index.ts';

const hex = () => randomBytes(32).toString('hex');
const good = {
  DATABASE_URL: 'postgres://u:p@127.0.0.1:5432/b',
  BARTIZAN_MASTER_KEY: hex(),
  BARTIZAN_INTERNAL_TOKEN: hex(),
};
const directory = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function problem(env: Record<string, string | undefined>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('loadConfig', () => {
  test('has defaults that keep to this machine', () => {
    expect(loadConfig({ ...good, BARTIZAN_PUBLIC_URL: '', UNRELATED: 'x' })).toMatchObject({
      host: '127.0.0.1',
      port: 7600,
      publicUrl: null,
      trustedProxies: [],
      demo: false,
      background: true,
      gatewayUrl: null,
    });
  });

  test('takes the database’s address, which holds a password, from a file', () => {
    const { DATABASE_URL: url, ...others } = good;
    const file = join(directory, 'database-url');
    writeFileSync(file, `${url}\n`);
    expect(loadConfig({ ...others, DATABASE_URL_FILE: file }).databaseUrl).toBe(url);
    expect(problem({ ...good, DATABASE_URL_FILE: file })).toContain(
      'DATABASE_URL and DATABASE_URL_FILE are both',
    );
    expect(problem({ ...others, DATABASE_URL_FILE: `${file}-not` })).toContain('cannot be read');
  });

  test('reads everything', () => {
    const config = loadConfig({
      ...good,
      BARTIZAN_HOST: '0.0.0.0',
      BARTIZAN_PORT: '0',
      BARTIZAN_PUBLIC_URL: 'https://Bartizan.Example/',
      BARTIZAN_TRUSTED_PROXIES: '10.0.0.0/8, ::1 192.168.1.1',
      BARTIZAN_DEMO: '1',
      BARTIZAN_BACKGROUND: 'off',
    });
    expect(config).toMatchObject({
      port: 0,
      publicUrl: 'https://bartizan.example',
      trustedProxies: ['10.0.0.0/8', '::1', '192.168.1.1'],
      demo: true,
      background: false,
    });
  });

  test('names every problem at once', () => {
    const message = problem({
      BARTIZAN_PORT: '99999',
      BARTIZAN_TRUSTED_PROXIES: 'all',
      BARTIZAN_DEMO: 'maybe',
    });
    for (const name of [
      'DATABASE_URL is missing',
      'PORT',
      'TRUSTED_PROXIES',
      'DEMO',
      'MASTER_KEY',
      'INTERNAL_TOKEN',
    ]) {
      expect(message).toContain(name);
    }
  });

  test.each([
    ['BARTIZAN_MASTER_KEY', '0'.repeat(64)],
    ['BARTIZAN_MASTER_KEY', '0123456789abcdef'.repeat(4)],
    ['BARTIZAN_MASTER_KEY', 'deadbeef'.repeat(8)],
    ['BARTIZAN_MASTER_KEY', hex().slice(1)],
    ['BARTIZAN_MASTER_KEY', `${hex()}00`],
    ['BARTIZAN_INTERNAL_TOKEN', 'changeme'],
    ['BARTIZAN_INTERNAL_TOKEN', 'please-change-me-in-production-1234567'],
    ['BARTIZAN_INTERNAL_TOKEN', 'abcdefghi'.repeat(4)],
    ['BARTIZAN_INTERNAL_TOKEN', `${hex()} with space`],
  ])('refuses %s=%s without repeating it', (name, value) => {
    const message = problem({ ...good, [name]: value });
    expect(message).toContain(name);
    expect(message).not.toContain(value);
  });

  test.each([
    ['BARTIZAN_PUBLIC_URL', 'ftp://x.example'],
    ['BARTIZAN_PUBLIC_URL', 'https://x.example/console'],
    ['DATABASE_URL', 'mysql://x'],
    ['BARTIZAN_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['BARTIZAN_TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['BARTIZAN_PORT', 'abc'],
  ])('refuses %s=%s', (name, value) => {
    expect(problem({ ...good, [name]: value })).toContain(name);
  });

  test('secrets come from files too, but not from both', () => {
    const file = join(directory, 'key');
    writeFileSync(file, `${good.BARTIZAN_MASTER_KEY}\n`);
    const { BARTIZAN_MASTER_KEY: _, ...rest } = good;
    const config = loadConfig({ ...rest, BARTIZAN_MASTER_KEY_FILE: file });
    expect(config.masterKey.bytes.toString('hex')).toBe(good.BARTIZAN_MASTER_KEY);
    expect(problem({ ...good, BARTIZAN_MASTER_KEY_FILE: file })).toContain('both');
    expect(problem({ ...rest, BARTIZAN_MASTER_KEY_FILE: join(directory, 'none') })).toContain(
      'cannot be read',
    );
  });

  test('drawn secrets are not called weak', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), () => !isWeakSecret(hex())),
      { numRuns: 500 },
    );
  });

  describe('where objects lie', () => {
    const keys = { BARTIZAN_OBJECTS_ACCESS_KEY_ID: 'id', BARTIZAN_OBJECTS_SECRET_ACCESS_KEY: 'hush-hush' };

    test('is the data directory, or a bucket that speaks S3', () => {
      expect(loadConfig(good).objects).toEqual({ kind: 'folder' });
      const url = 's3://models/team/one?endpoint=https://s3.example.com&region=eu-central-1';
      expect(loadConfig({ ...good, ...keys, BARTIZAN_OBJECTS_URL: url }).objects).toEqual({
        kind: 's3',
        bucket: 'models',
        prefix: 'team/one/',
        endpoint: 'https://s3.example.com',
        region: 'eu-central-1',
        accessKeyId: 'id',
        secretAccessKey: 'hush-hush',
        sessionToken: null,
      });
      const aws = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' };
      expect(loadConfig({ ...good, ...aws, BARTIZAN_OBJECTS_URL: 's3://models' }).objects).toMatchObject({
        prefix: '',
        endpoint: null,
        region: 'us-east-1',
        accessKeyId: 'a',
        secretAccessKey: 'b',
        sessionToken: 'c',
      });
    });

    test.each([
      'models',
      'https://models',
      's3://',
      's3://UP_per',
      's3://id:hush-hush@models',
      's3://models/../x y',
      's3://models/a//b',
      's3://models?endpoint=ftp://x',
      's3://models?endpoint=http://s3.example.com',
      's3://models?endpoint=https://u:hush-hush@s3.example.com',
      's3://models?region=eu_1',
      's3://models?other=1',
    ])('is not %s, and no secret is repeated', (url) => {
      const message = problem({ ...good, ...keys, BARTIZAN_OBJECTS_URL: url });
      expect(message).toContain('BARTIZAN_OBJECTS_URL');
      expect(message).not.toContain('hush-hush');
    });

    test('needs credentials when it is a bucket', () => {
      const bucket = { ...good, BARTIZAN_OBJECTS_URL: 's3://models?endpoint=http://127.0.0.1:9000' };
      expect(problem(bucket)).toContain('BARTIZAN_OBJECTS_ACCESS_KEY_ID is missing');
      expect(problem({ ...bucket, BARTIZAN_OBJECTS_ACCESS_KEY_ID: 'id' })).toContain(
        'BARTIZAN_OBJECTS_SECRET_ACCESS_KEY is missing',
      );
    });
  });

  test('says how much one upload may hold', () => {
    expect(loadConfig(good).maxUploadBytes).toBe(256 * 2 ** 30);
    expect(loadConfig({ ...good, BARTIZAN_MAX_UPLOAD_GIB: '1.5' }).maxUploadBytes).toBe(1.5 * 2 ** 30);
    expect(problem({ ...good, BARTIZAN_MAX_UPLOAD_GIB: '0' })).toContain('BARTIZAN_MAX_UPLOAD_GIB');
  });
});

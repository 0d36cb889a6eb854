import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const PYTHON = process.env.BARTIZAN_PYTHON ?? '';
const CLI = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
const root = mkdtempSync(join(tmpdir(), 'bartizan-python-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const exitOf = async (file: string, args: readonly string[]): Promise<number> =>
  await run(file, args).then(
    () => 0,
    ({ code }: { code: number }) => code,
  );
const python = (args: readonly string[]) => exitOf(PYTHON, ['-m', 'model_signing', ...args]);
const bartizan = (args: readonly string[]) => exitOf(process.execPath, [CLI, 'model', ...args]);

describe.skipIf(PYTHON === '')('model_signing for Python (skipped without BARTIZAN_PYTHON)', () => {
  test.each([['prime256v1'], ['secp384r1'], ['secp521r1']])(
    'agrees in both directions under %s',
    async (curve) => {
      const folder = join(root, curve);
      const model = join(folder, 'model');
      mkdirSync(join(model, 'w'), { recursive: true });
      for (const path of ['w/a', 'w.b', 'w/ü', 'empty', '.gitattributes'])
        writeFileSync(join(model, path), path);
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
      const [key, open, signature] = [join(folder, 'k.pem'), join(folder, 'k.pub'), join(model, 'model.sig')];
      writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      writeFileSync(open, createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }));
      const theirs = () => python(['verify', 'key', model, '--signature', signature, '--public_key', open]);
      const ours = () => bartizan(['verify', model, '--signature', signature, '--public-key', open]);

      expect(await bartizan(['sign', model, '--key', key])).toBe(0);
      expect([await theirs(), await ours()]).toEqual([0, 0]);
      rmSync(signature);
      expect(await python(['sign', 'key', model, '--signature', signature, '--private_key', key])).toBe(0);
      expect([await theirs(), await ours()]).toEqual([0, 0]);
      appendFileSync(join(model, 'w', 'a'), '!');
      expect(await theirs()).not.toBe(0);
      expect(await ours()).toBe(1);
    },
  );
});

import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const BIN = join(import.meta.dirname, '..', '..', 'main.ts');
const root = mkdtempSync(join(tmpdir(), 'bartizan-signing-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const [key, locked, open] = [join(root, 'key.pem'), join(root, 'locked.pem'), join(root, 'key.pub')];
writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
writeFileSync(
  locked,
  privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' }),
);
writeFileSync(open, createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }));

let made = 0;
let model = '';
beforeEach(() => {
  model = join(root, `model-${++made}`);
  mkdirSync(join(model, 'w'), { recursive: true });
  writeFileSync(join(model, 'w', 'a.safetensors'), 'weights');
  writeFileSync(join(model, 'config.json'), '{}');
});

/** What the command prints and exits with. */
async function bartizan(args: readonly string[], env: Record<string, string> = {}) {
  const all = [BIN, 'model', ...args];
  try {
    const { stdout } = await run(process.execPath, all, { env: { ...process.env, ...env } });
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}
const sign = (...more: string[]) => bartizan(['sign', model, '--key', key, ...more]);
const verify = async () => {
  const { code, stdout, stderr } = await bartizan([
    'verify',
    model,
    '--signature',
    join(model, 'model.sig'),
    '--public-key',
    open,
    '--json',
  ]);
  return {
    code,
    stderr,
    ...(stdout ? (JSON.parse(stdout) as { ok: boolean; code?: string }) : {}),
    exit: code,
  };
};

describe('bartizan model', { timeout: 180_000 }, () => {
  test('signs a folder, verifies it, and names what is wrong', async () => {
    expect((await sign()).code).toBe(0);
    expect(await verify()).toMatchObject({ exit: 0, ok: true });
    appendFileSync(join(model, 'w', 'a.safetensors'), '!');
    expect(await verify()).toMatchObject({
      exit: 1,
      ok: false,
      differences: { changed: ['w/a.safetensors'] },
    });
    renameSync(join(model, 'config.json'), join(model, 'Config.json'));
    expect(await verify()).toMatchObject({
      exit: 1,
      differences: { missing: ['config.json'], added: ['Config.json'] },
    });
  });

  test('ends at links and odd names', async () => {
    await sign();
    symlinkSync(key, join(model, 'link'));
    const linked = await verify();
    expect(linked.exit).toBe(2);
    expect(linked.stderr).toContain('is a link');
    rmSync(join(model, 'link'));
    writeFileSync(join(model, 'a\\..\\b'), '');
    expect((await verify()).stderr).toContain('cannot be signed');
  });

  test('takes the passphrase of a key from the environment, and prints none', async () => {
    const args = ['sign', model, '--key', locked];
    expect((await bartizan(args, { BARTIZAN_KEY_PASSPHRASE: 'sesame' })).code).toBe(0);
    const wrong = await bartizan(args, { BARTIZAN_KEY_PASSPHRASE: 'open' });
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).not.toMatch(/open|sesame/);
  });

  test('refuses wrong use', async () => {
    await sign();
    const signature = ['--signature', join(model, 'model.sig')];
    for (const args of [
      ['verify', model, ...signature],
      ['verify', model, ...signature, '--public-key', open, '--roots', open],
      ['verify', model, ...signature, '--public-key', key],
      ['verify', model, ...signature, '--trust-root', open],
      ['sign', join(root, 'nowhere'), '--key', key],
    ]) {
      expect([args[1], (await bartizan(args)).code]).toEqual([args[1], 64]);
    }
  });
});

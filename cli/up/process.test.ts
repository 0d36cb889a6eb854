import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRole } from './process.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-role-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(text: string): string {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, text);
  return file;
}

const lines: string[] = [];
const role = (script: string) =>
  createRole({
    name: 'thing',
    script,
    env: { PATH: process.env.PATH, FOLDER: folder },
    log: (line) => lines.push(line),
    readyTimeoutMs: 5000,
  });

const READY = "process.send({ type: 'ready', url: 'http://127.0.0.1:1' }); setInterval(() => {}, 1000);";

describe('createRole', () => {
  it('hands on what the process reports when it is ready', async () => {
    const one = role(program(READY));
    expect(await one.start()).toMatchObject({ url: 'http://127.0.0.1:1' });
    await one.stop();
  });

  it('starts a killed process again', async () => {
    const one = role(program(READY));
    await one.start();
    const before = one.pid() ?? 0;
    process.kill(before, 'SIGKILL');
    await expect.poll(() => one.restarts(), { timeout: 30_000 }).toBe(1);
    await expect.poll(() => one.pid(), { timeout: 30_000 }).not.toBe(before);
    await one.stop();
  });

  it('says so when the process dies before it is ready, and does not try for ever', async () => {
    const one = role(program("console.error('no such luck'); process.exit(3);"));
    await expect(one.start()).rejects.toThrow(/could not start \(code 3\)/);
    expect(lines).toContain('no such luck');
    expect(one.restarts()).toBe(0);
  });

  it('lets the process drain, and kills one that will not end', async () => {
    const polite = role(
      program(
        `import { writeFileSync } from 'node:fs';
         process.on('SIGTERM', () => { writeFileSync(process.env.FOLDER + '/drained', 'yes'); process.exit(0); });
         ${READY}`,
      ),
    );
    await polite.start();
    await polite.stop();
    expect(readFileSync(join(folder, 'drained'), 'utf8')).toBe('yes');

    const stubborn = role(program(`process.on('SIGTERM', () => {}); ${READY}`));
    await stubborn.start();
    await stubborn.stop(300);
    expect(() => process.kill(stubborn.pid() ?? 0, 0)).toThrow();
  });
});

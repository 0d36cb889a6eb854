import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGguf } from '@bartizan/checks/artifacts/formats/gguf/build.ts';
import { buildSafetensors } from '@bartizan/checks/artifacts/formats/safetensors/build.ts';
import { sarifProblems } from '@bartizan/checks/artifacts/report/sarif-rules.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgress } from './progress.ts';
import { scanPaths } from './scan-paths.ts';
import { walk } from './walk.ts';

const BIN = new URL('../bin/bartizan.mjs', import.meta.url).pathname;
const BAD = buildGguf({ template: '{{ x.__class__.__mro__ }}' });

let folder: string;
let outside: string;
const at = (...parts: string[]) => join(folder, ...parts);
const cli = (...args: string[]) =>
  spawnSync(process.execPath, [BIN, 'scan', ...args], { encoding: 'utf8', timeout: 60_000 });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scan-'));
  outside = mkdtempSync(join(tmpdir(), 'scan-outside-'));
  mkdirSync(at('clean', 'deep'), { recursive: true });
  mkdirSync(at('bad'));
  mkdirSync(at('broken'));
  writeFileSync(at('clean', 'deep', 'model.safetensors'), buildSafetensors());
  writeFileSync(at('clean', 'README.md'), '# Model\n\nIt is harmless.\n');
  writeFileSync(at('bad', 'innocent.txt'), BAD);
  writeFileSync(at('broken', 'half.safetensors'), buildSafetensors().slice(0, -4));
  writeFileSync(join(outside, 'secret.gguf'), BAD);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(outside, { recursive: true });
});

describe('bartizan scan', () => {
  it('judges by content and answers with its exit code', () => {
    const clean = cli(at('clean'), '--json');
    expect(clean.status).toBe(0);
    expect(JSON.parse(clean.stdout).files.map((file: { verdict: string }) => file.verdict)).toEqual([
      'clean',
      'clean',
    ]);
    const bad = cli(at('bad', 'innocent.txt'), '--json');
    expect(bad.status).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      files: [
        {
          path: at('bad', 'innocent.txt'),
          format: 'gguf',
          verdict: 'malicious',
          findings: expect.arrayContaining([
            expect.objectContaining({
              check: 'artifacts/jinja',
              severity: 'high',
              message: expect.any(String),
              offset: expect.any(Number),
            }),
          ]),
        },
      ],
    });
    const broken = cli(at('broken'));
    expect(broken.status).toBe(2);
    expect(broken.stdout).toContain('not judged');
    expect(cli(at('broken'), at('bad')).status).toBe(1);
    expect(bad.stderr).toBe('');
  });

  it('says what wrong use is', () => {
    expect(cli().status).toBe(64);
    expect(cli(at('nothing-here')).status).toBe(64);
    expect(cli(at('bad'), '--format', 'pdf').status).toBe(64);
    expect(cli(at('bad'), '--json', '--format', 'sarif').status).toBe(64);
  });

  it('still judges texts, and a path called text', () => {
    const text = spawnSync(process.execPath, [BIN, 'scan', 'text', '--json'], {
      input: 'Good morning',
      encoding: 'utf8',
    });
    expect([text.status, JSON.parse(text.stdout).verdict]).toEqual([0, 'allow']);
    mkdirSync(at('odd'), { recursive: true });
    writeFileSync(at('odd', 'text'), BAD);
    const odd = spawnSync(process.execPath, [BIN, 'scan', './text'], { cwd: at('odd'), encoding: 'utf8' });
    expect(odd.status).toBe(1);
  });

  it('writes SARIF and JUnit into a file', () => {
    expect(cli(at('bad'), '--format', 'sarif', '--output', at('out.sarif')).status).toBe(1);
    const sarif = JSON.parse(readFileSync(at('out.sarif'), 'utf8'));
    expect(sarif.version).toBe('2.1.0');
    mkdirSync(at('hostile'));
    writeFileSync(at('hostile', 'a\u001b]0;x\u0007 %\u202e:[b](c).gguf'), BAD);
    const hostile = cli(at('hostile'), '--format', 'sarif');
    expect([hostile.status, sarifProblems(hostile.stdout)]).toEqual([1, []]);
    expect(sarif.runs[0].results[0]).toMatchObject({ ruleId: 'artifacts/jinja', level: 'error' });
    expect(cli(at('clean'), at('broken'), '--format', 'junit', '--output', at('out.xml')).status).toBe(2);
    expect(readFileSync(at('out.xml'), 'utf8')).toMatch(/tests="3" failures="0" errors="1" skipped="0"/);
    expect(cli(at('clean'), '--output', at('no', 'such', 'folder')).status).toBe(2);
  });
});

describe('folders', () => {
  it('do not lead out of themselves, nor to what is no file', () => {
    mkdirSync(at('links'));
    symlinkSync(outside, at('links', 'away'));
    symlinkSync(join(outside, 'secret.gguf'), at('links', 'file'));
    symlinkSync(at('links'), at('links', 'loop'));
    symlinkSync('nowhere', at('links', 'dead'));
    spawnSync('mkfifo', [at('links', 'pipe')]);
    const found = walk(at('links'));
    expect(found.every(({ is }) => is === 'skipped')).toBe(true);
    expect(found.map((item) => (item.is === 'skipped' ? item.reason : ''))).toEqual([
      'a link that leads out of the folder',
      'a link to nothing',
      'a link that leads out of the folder',
      'a link to what is judged at its own place',
      'a pipe, no file',
    ]);
  });

  it('follow a link that was asked for', async () => {
    symlinkSync(join(outside, 'secret.gguf'), at('named'));
    const [file] = await scanPaths([at('named')], { timeoutMs: 0, weights: true });
    expect(file?.verdict).toBe('malicious');
  });
});

describe('large files', () => {
  it('are read as a stream: 10 GiB in little memory', () => {
    const path = at('huge.safetensors');
    const size = 10 * 2 ** 30;
    // Writers pad the header with blanks, to 128 bytes here.
    const header = `{"w":{"dtype":"F32","shape":[${size / 4}],"data_offsets":[0,${size}]}}`.padEnd(128);
    const file = openSync(path, 'w');
    writeSync(file, buildSafetensors({ header, data: new Uint8Array(0) }));
    closeSync(file);
    truncateSync(path, 8 + header.length + size);
    const script = `
      const { scanPaths } = await import(${JSON.stringify(new URL('./scan-paths.ts', import.meta.url).href)});
      const [file] = await scanPaths([${JSON.stringify(path)}], { timeoutMs: 0, weights: false });
      console.log(JSON.stringify({ verdict: file.verdict, kib: process.resourceUsage().maxRSS }));`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    const { verdict, kib } = JSON.parse(run.stdout) as { verdict: string; kib: number };
    expect(verdict).toBe('clean');
    expect(kib).toBeLessThan(300 * 1024);
    rmSync(path);
  }, 300_000);

  it('are not done when their time is up, and never clean then', async () => {
    const path = at('slow.safetensors');
    const size = 2 ** 30;
    const header = `{"w":{"dtype":"F32","shape":[${size / 4}],"data_offsets":[0,${size}]}}`.padEnd(128);
    writeFileSync(path, buildSafetensors({ header, data: new Uint8Array(0) }));
    truncateSync(path, 8 + header.length + size);
    const [file] = await scanPaths([path], { timeoutMs: 30, weights: true });
    expect(file).toMatchObject({ verdict: 'error' });
    expect(file?.outcome.errors[0]?.message).toMatch(/not done within/);
    rmSync(path);
  });
});

describe('the progress bar', () => {
  it('shows on terminals only, and never what a file name wants to do', () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    createProgress(10, { write }).update(5, 'x');
    expect(written).toEqual([]);
    let now = 0;
    const bar = createProgress(4 * 2 ** 20, { isTTY: true, columns: 200, write }, () => now);
    now = 1000;
    bar.update(2 * 2 ** 20, '/a/b\u001b[2J.bin');
    bar.update(2 * 2 ** 20, 'too soon');
    bar.clear();
    expect(written).toHaveLength(2);
    expect(written[0]).toContain('[############------------]  50% 2 MiB/s b.bin');
  });
});

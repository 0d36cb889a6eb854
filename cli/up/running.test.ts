import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDir } from './data-dir.ts';
import { findRunning, noteRunning } from './running.ts';

const AT = { server: 'http://127.0.0.1:40123', gateway: 'http://127.0.0.1:40124' };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-running-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('where a running instance listens', () => {
  it('is found while it holds the data directory, and for its owner only', () => {
    const dataDir = openDataDir(folder);
    expect(findRunning(folder)).toBeNull();
    const takeBack = noteRunning(dataDir.path, AT);
    expect(statSync(join(folder, 'running.json')).mode & 0o777).toBe(0o600);
    expect(findRunning(folder)).toEqual({ pid: process.pid, ...AT });
    takeBack();
    expect(findRunning(folder)).toBeNull();
    dataDir.release();
  });

  it('is not believed from one that was killed, nor from a file that is no such note', () => {
    const dataDir = openDataDir(folder);
    noteRunning(dataDir.path, AT);
    const lock = readFileSync(join(folder, 'bartizan.pid'), 'utf8');
    dataDir.release();
    expect(findRunning(folder)).toBeNull();
    // Another process has the number by now.
    writeFileSync(join(folder, 'bartizan.pid'), `${process.pid}\n1\n`);
    if (process.platform === 'linux') expect(findRunning(folder)).toBeNull();
    writeFileSync(join(folder, 'bartizan.pid'), lock);
    expect(findRunning(folder)).not.toBeNull();
    for (const text of [
      '',
      '[',
      'null',
      '{"pid":"1"}',
      JSON.stringify({ pid: process.pid, ...AT, server: 'file:///x' }),
    ]) {
      writeFileSync(join(folder, 'running.json'), text);
      expect(findRunning(folder)).toBeNull();
    }
  });
});

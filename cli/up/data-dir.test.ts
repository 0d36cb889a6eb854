import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirInUse, openDataDir } from './data-dir.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-dir-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('openDataDir', () => {
  it('makes secrets that only the owner can read, and keeps them', () => {
    const first = openDataDir(folder);
    const key = readFileSync(first.masterKeyFile, 'utf8');
    expect(key.trim()).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(first.masterKeyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(first.internalTokenFile, 'utf8')).not.toBe(key);
    first.release();
    const again = openDataDir(folder);
    expect(readFileSync(again.masterKeyFile, 'utf8')).toBe(key);
    again.release();
  });

  it('refuses a folder that a living Bartizan holds, and names its process', () => {
    // The parent of this test lives, and /proc tells since when.
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(join(folder, 'bartizan.pid'), `${process.ppid}\n${start}\n`);
    expect(() => openDataDir(folder)).toThrow(DataDirInUse);
    expect(() => openDataDir(folder)).toThrow(String(process.ppid));
  });

  it('takes over the lock of a dead process, and of a process id that was given to another program', () => {
    writeFileSync(join(folder, 'bartizan.pid'), '999999999\n1\n');
    openDataDir(folder).release();
    writeFileSync(join(folder, 'bartizan.pid'), `${process.ppid}\n1\n`);
    openDataDir(folder).release();
  });
});

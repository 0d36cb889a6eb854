import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_TIMEOUT_MS = 30_000;

/**
 * A supervisor that was killed leaves its postmaster running, and a killed postmaster leaves its pid file.
 * Stops the former when it is surely ours (a postgres running on exactly this folder). The file of a process that
 * is gone stays: PostgreSQL reads in it whether helpers of the old one still hold the data (see `startPostgres`).
 * Removed is one whose number another program has by now, which PostgreSQL would take for a running server.
 */
export async function stopStalePostmaster(data: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (Number.isInteger(pid) && pid > 1 && !alive(pid)) return;
  if (!Number.isInteger(pid) || pid <= 1 || !isPostmasterOn(pid, data)) {
    rmSync(pidFile, { force: true });
    return;
  }
  log(`Stopping the database that an earlier run left behind (process ${pid})`);
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (alive(pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGQUIT');
    await delay(50);
  }
}

/** True when a process with this id exists. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True when the process is a postgres that runs on exactly this folder. */
export function isPostmasterOn(pid: number, data: string): boolean {
  const line = commandLine(pid);
  return /postgres/.test(line) && (line.includes(data) || line.includes(realpathSync(data)));
}

function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    if (process.platform === 'win32') {
      return execFileSync(
        'powershell',
        ['-NoProfile', '-Command', `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`],
        { encoding: 'utf8' },
      );
    }
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The most resident memory seen. */
export interface Peak {
  mib: number;
}

/** Notes the high-water mark of a process (VmHWM of the kernel) until it ends. */
export function watchMemory(child: ChildProcess, peak: Peak): void {
  const look = () => {
    try {
      const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peak.mib = Math.max(peak.mib, Math.round(Number(kib ?? 0) / 1024));
    } catch {
      // It has ended between two looks.
    }
  };
  look();
  const timer = setInterval(look, 200);
  child.once('exit', () => clearInterval(timer));
}

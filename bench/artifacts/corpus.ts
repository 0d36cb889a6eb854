import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { measure } from './measure.ts';
import type { Answer, Scanner } from './peers.ts';

export interface Detection {
  readonly malicious: number;
  readonly found: number;
  readonly benign: number;
  readonly flagged: number;
  /** Benign files that it could not judge. */
  readonly benignErrors: number;
  readonly missed: readonly string[];
  readonly falseAlarms: readonly string[];
}

const FILE_LIMIT_MS = 60_000;

/**
 * Has every file of a labelled folder judged, one process per file. `labels.json` maps a path in the folder to
 * `malicious`, `benign` or `error` (the last is left out: tools differ in what they cannot read).
 */
export async function detect(folder: string, scanner: Scanner): Promise<Detection> {
  const labels = JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')) as Record<string, string>;
  const missed: string[] = [];
  const falseAlarms: string[] = [];
  const counts = { malicious: 0, benign: 0, benignErrors: 0 };
  for (const [file, label] of Object.entries(labels)) {
    if (label !== 'malicious' && label !== 'benign') continue;
    counts[label] += 1;
    const path = resolve(folder, file);
    const run = await measure(scanner.command, scanner.args(path), FILE_LIMIT_MS);
    const answer: Answer = scanner.answer(run);
    if (label === 'malicious' && answer !== 'found') missed.push(file);
    if (label === 'benign' && answer === 'found') falseAlarms.push(file);
    if (label === 'benign' && answer === 'error') counts.benignErrors += 1;
  }
  return {
    malicious: counts.malicious,
    found: counts.malicious - missed.length,
    benign: counts.benign,
    flagged: falseAlarms.length,
    benignErrors: counts.benignErrors,
    missed,
    falseAlarms,
  };
}

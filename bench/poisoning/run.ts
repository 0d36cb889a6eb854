/**
 * Everything that is measured about data: `npm run -s bench:poisoning -- [--data DIR] [--json] [--quick] [--only a,b]
 * [--seed 1] [--python P]`. `--data` is a folder with poisoning/, crowd/, fairness/ and onnx/; without it generated data
 * alone. With `--json` one document on standard output and nothing else. A part that fails gives a table without rows
 * whose note says why; the command then ends with 1.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BenchTable, PARTS, type Part, type PartOptions } from './run/parts.ts';

const VERSION = 1;
/** Longest that one part may take. */
const MOST_MS = 60 * 60_000;

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    python: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (flags.data !== undefined && !existsSync(flags.data)) throw new Error(`${flags.data}: no such folder`);
const options: PartOptions = {
  data: flags.data === undefined ? null : resolve(flags.data),
  seed: Number(flags.seed),
  quick: flags.quick,
  python: flags.python ?? null,
};
const wanted = flags.only?.split(',');
const unknown = wanted?.find((name) => !PARTS.some((part) => part.name === name));
if (unknown !== undefined)
  throw new Error(`There is no part “${unknown}”; there are ${PARTS.map(({ name }) => name).join(', ')}.`);

const here = (path: string): string =>
  fileURLToPath(new URL(path, new URL('./run/parts.ts', import.meta.url)));

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part as string;
  return text;
}

/** Runs Node with these arguments; what it writes to `from` (a descriptor). What else it prints goes to our stderr. */
async function printed(args: readonly string[], from: 1 | 3): Promise<string> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', from === 1 ? 'pipe' : process.stderr, 'inherit', from === 3 ? 'pipe' : 'ignore'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), MOST_MS);
  const ended = new Promise<number | null>((done, failed) => child.on('close', done).on('error', failed));
  const text = await textOf(child.stdio[from] as Readable);
  const code = await ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`it ended with ${code ?? 'a signal, out of time perhaps'}`);
  return text;
}

async function tablesOf(part: Part): Promise<readonly BenchTable[]> {
  if ('command' in part)
    return part.tables(
      JSON.parse(await printed([here(part.command), ...part.args(options), '--json'], 1)) as never,
    );
  const file = here(part.module);
  if (!existsSync(file)) throw new Error('it is not there');
  const text = await printed([here('./module.ts'), file, JSON.stringify(options)], 3);
  return [JSON.parse(text) as BenchTable];
}

const tables: BenchTable[] = [];
for (const part of PARTS) {
  if (wanted !== undefined && !wanted.includes(part.name)) continue;
  const start = performance.now();
  try {
    tables.push(...(await tablesOf(part)));
  } catch (error) {
    tables.push({ name: part.name, rows: [], notes: [`failed: ${(error as Error).message}`] });
    process.exitCode = 1;
  }
  process.stderr.write(`${part.name}: ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
}

const shown = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value ?? '');

function print({ name, rows, notes }: BenchTable): void {
  console.log(`\n## ${name}\n`);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (columns.length > 0) {
    console.log(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
    for (const row of rows) console.log(`| ${columns.map((column) => shown(row[column])).join(' | ')} |`);
    console.log('');
  }
  for (const note of notes) console.log(`- ${note}`);
}

if (flags.json) console.log(JSON.stringify({ version: VERSION, seed: options.seed, tables }));
else for (const table of tables) print(table);

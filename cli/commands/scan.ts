import { readFileSync, statSync } from 'node:fs';
import type { ScanResult } from '@bartizan/checks/policy/scan.ts';
import type { AnyTextCheck } from '@bartizan/checks/text/types.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { readJsonFile } from '../json-file.ts';
import { createOutput, printable, table } from '../output.ts';
import { decodeUtf8, readStdin } from '../stdin.ts';
import { addScanArtifacts } from './scan-artifacts.ts';

const MAX_BYTES = 10 * 1024 * 1024;

interface Flags {
  json?: boolean;
  policy?: string;
}

/** Offline: judges model files by their content, and texts with the standard policy or one of yours. */
export function addScan(program: Command): void {
  const scan = program
    .command('scan')
    .description('judge model files and folders, or a text, here, without a server')
    .enablePositionalOptions();
  // What follows "text" or "file" belongs to that command, though "scan" has options of the same names.
  program.enablePositionalOptions();
  addScanArtifacts(scan);

  scan
    .command('text')
    .description('judge one text from standard input as if a user had typed it')
    .option('--policy <file>', 'a policy document instead of the standard one')
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const result = await judge(await readStdin(MAX_BYTES), 'user', flags);
      createOutput(flags.json ?? false).result(result, human);
      process.exitCode = exitFor([result]);
    });

  scan
    .command('file <paths...>')
    .description('judge text files as if an application had read them (third-party content)')
    .option('--policy <file>', 'a policy document instead of the standard one')
    .option('--json', 'print JSON')
    .action(async (paths: string[], flags: Flags) => {
      const files: { path: string; result: ScanResult }[] = [];
      for (const path of paths)
        files.push({ path, result: await judge(readText(path), 'third_party', flags) });
      createOutput(flags.json ?? false).result(
        { files: files.map(({ path, result }) => ({ path, ...result })) },
        () => files.map(({ path, result }) => `${printable(path)}\n${human(result)}`).join('\n\n'),
      );
      process.exitCode = exitFor(files.map(({ result }) => result));
    });
}

async function judge(text: string, author: 'user' | 'third_party', flags: Flags): Promise<ScanResult> {
  // Loaded when asked for only: all the checks with their tables take a moment.
  const [{ scanText }, { PolicyDocument }] = await Promise.all([
    import('@bartizan/checks/policy/scan.ts'),
    import('@bartizan/contracts'),
  ]);
  const policy = flags.policy ? readJsonFile(flags.policy, PolicyDocument) : undefined;
  return scanText(text, { author, checks: await modelled(), ...(policy ? { policy } : {}) });
}

let loaded: readonly AnyTextCheck[] | null = null;

/** The checks with their models, opened once; a damaged model is told as such. */
async function modelled(): Promise<readonly AnyTextCheck[]> {
  if (loaded !== null) return loaded;
  const { checksWithModels } = await import('@bartizan/checks/with-models.ts');
  const warn = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    loaded = checksWithModels(process.env.BARTIZAN_INJECTION_MODEL, { warn }).checks;
  } catch (error) {
    throw new CliError((error as Error).message);
  }
  return loaded;
}

function readText(path: string): string {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new CliError(`${path}: no such file`, EXIT.usage);
  if (size > MAX_BYTES) throw new CliError(`${path} is larger than ${MAX_BYTES} bytes`);
  return decodeUtf8(readFileSync(path), path);
}

const exitFor = (results: readonly ScanResult[]): number =>
  results.some((result) => result.verdict !== 'allow') ? EXIT.findings : EXIT.ok;

function human(result: ScanResult): string {
  if (result.findings.length === 0) return 'allow: nothing found';
  const rows = result.findings.map((found) => [
    found.check,
    found.score.toFixed(2),
    `${found.start}-${found.end}`,
    found.message,
  ]);
  return `${result.verdict}\n${table(['check', 'score', 'where', 'what'], rows)}`;
}

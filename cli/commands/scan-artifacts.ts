import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { FileReport } from '@bartizan/checks/artifacts/report/json.ts';
import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { wholeNumber } from '../options.ts';
import { printable } from '../output.ts';

const FORMATS = ['human', 'json', 'sarif', 'junit'] as const;
type Format = (typeof FORMATS)[number];

interface Flags {
  json?: boolean;
  format?: Format;
  output?: string;
  timeout: number;
  weights: boolean;
  base?: string;
}

/** `scan PATH…`: judges model files and folders here, by their content, without loading them. */
export function addScanArtifacts(scan: Command): void {
  scan
    .argument('[paths...]', 'model files and folders')
    .option('--json', 'print JSON (the same as --format json)')
    .addOption(new Option('--format <format>', 'how to report').choices(FORMATS).conflicts('json'))
    .option('--output <file>', 'write the report there instead of to standard output')
    .option('--timeout <seconds>', 'most time for one file; 0 for no limit', wholeNumber(0, 1_000_000), 0)
    .option('--no-weights', 'do not measure the weights: large files are done sooner')
    .option('--base <path>', 'also compare the weights with those of the base model, a file or folder')
    .action(async (paths: string[], flags: Flags) => {
      if (paths.length === 0) throw new CliError('name at least one file or folder', EXIT.usage);
      if (flags.base !== undefined && paths.length > 1) {
        throw new CliError('name one model when comparing with a base', EXIT.usage);
      }
      for (const path of [...paths, ...(flags.base === undefined ? [] : [flags.base])]) {
        if (!existsSync(path)) throw new CliError(`${path}: no such file or folder`, EXIT.usage);
      }
      // Loaded when asked for only: the other commands need none of it.
      const [{ scanPaths }, { exitCodeOf }] = await Promise.all([
        import('../scan/scan-paths.ts'),
        import('@bartizan/checks/artifacts/report/json.ts'),
      ]);
      const files = await scanPaths(paths, { timeoutMs: flags.timeout * 1000, weights: flags.weights });
      if (flags.base !== undefined) {
        const { compareWithBase } = await import('../scan/compare-base.ts');
        files.push(await compareWithBase(flags.base, paths[0] as string, () => {}));
      }
      const text = await render(files, flags.json ? 'json' : (flags.format ?? 'human'));
      if (flags.output === undefined) process.stdout.write(`${text}\n`);
      else write(flags.output, text);
      process.exitCode = exitCodeOf(files);
    });
}

async function render(files: readonly FileReport[], format: Format): Promise<string> {
  switch (format) {
    case 'json': {
      const { jsonReport } = await import('@bartizan/checks/artifacts/report/json.ts');
      return JSON.stringify(jsonReport(files));
    }
    case 'sarif':
      return sarif(files);
    case 'junit': {
      const { junitReport } = await import('@bartizan/checks/artifacts/report/junit.ts');
      return junitReport(files);
    }
    case 'human': {
      const { humanReport } = await import('@bartizan/checks/artifacts/report/human.ts');
      return humanReport(files, printable);
    }
  }
}

async function sarif(files: readonly FileReport[]): Promise<string> {
  const [{ sarifReport }, { artifactChecks }, { deltaCheck }] = await Promise.all([
    import('@bartizan/checks/artifacts/report/sarif.ts'),
    import('@bartizan/checks/artifacts/scan.ts'),
    import('@bartizan/checks/weights/index.ts'),
  ]);
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return JSON.stringify(sarifReport(files, { version, rules: [...artifactChecks, deltaCheck] }), null, 2);
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, `${text}\n`);
  } catch (error) {
    throw new CliError(`${path} cannot be written: ${(error as Error).message}`);
  }
}

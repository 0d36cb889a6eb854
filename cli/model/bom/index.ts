import { writeFile } from 'node:fs/promises';
import { validateBom } from '@bartizan/checks/bom/index.ts';
import { BOM_SPECS, type BomAnswer, type BomSpec, bomRoutes } from '@bartizan/contracts';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { CliError, EXIT } from '../../exit.ts';
import { readJsonFile } from '../../json-file.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';
import { named } from '../registry/named.ts';

interface Flags {
  readonly spec: BomSpec;
  readonly output?: string;
  readonly minimum?: string;
  readonly json?: boolean;
}

/** `bartizan model bom`: the bill of materials of a version, and how complete it is. */
export function addBom(model: Command): void {
  model
    .command('bom <model@version>')
    .description('the bill of materials of a version as CycloneDX, and what is missing in it')
    .addOption(new Option('--spec <version>', 'version of CycloneDX').choices([...BOM_SPECS]).default('1.6'))
    .option('-o, --output <file>', 'write the document to a file')
    .option('--minimum <score>', 'exit with 1 when it is less complete than this (0 to 100)')
    .option('--json', 'print the document itself')
    .action(async (text: string, flags: Flags) => {
      const minimum = minimumOf(flags.minimum);
      const { explicit: _, ...params } = named(text);
      const bom = await client().call(bomRoutes.version, { params, query: { spec: flags.spec } });
      const document = `${JSON.stringify(bom.document, null, 2)}\n`;
      if (flags.output !== undefined) await writeFile(flags.output, document);
      if (flags.json) process.stdout.write(document);
      else createOutput(false).result(bom, (shown) => inWords(shown, flags.output));
      if (bom.completeness.score < minimum) process.exitCode = EXIT.findings;
    });
  model
    .command('bom-check <file>')
    .description('hold a CycloneDX document (1.6 or 1.7) against its schema, offline')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: { json?: boolean }) => {
      const answer = await validateBom(readJsonFile(file, z.unknown()));
      createOutput(flags.json ?? false).result(answer, ({ valid, spec, errors }) =>
        valid
          ? `${printable(file)} is a valid CycloneDX ${spec} document`
          : errors
              .map(({ path, message }) => `${printable(path) || '(whole document)'}: ${printable(message)}`)
              .join('\n'),
      );
      if (!answer.valid) process.exitCode = EXIT.findings;
    });
}

function minimumOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100))
    throw new CliError('give --minimum a number from 0 to 100', EXIT.usage);
  return value;
}

function inWords({ completeness, spec }: BomAnswer, output: string | undefined): string {
  const missing = completeness.items
    .filter(({ present }) => !present)
    .toSorted((a, b) => b.weight - a.weight);
  if (output !== undefined) {
    return `Written to ${printable(output)}: CycloneDX ${spec}, ${completeness.score} of 100, ${missing.length} missing.`;
  }
  return [
    `CycloneDX ${spec}, ${completeness.score} of 100`,
    ...missing.map(({ title, advice }) => `  missing: ${printable(title)}. ${printable(advice)}`),
    'Write it with --output FILE or --json.',
  ].join('\n');
}

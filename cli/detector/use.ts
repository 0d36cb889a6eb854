import { type DetectorStatus, detectorSwitchRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { createOutput, date, table } from '../output.ts';
import { client } from '../session.ts';

export function addUse(detector: Command): void {
  detector
    .command('use <model>')
    .description('put a model live on all gateways; one that was live before, too')
    .option('--override <reason>', 'do without a comparison with the live model, and why')
    .option('--json', 'print JSON')
    .action(async (model: string, { override, json }: { override?: string; json?: boolean }) => {
      const status = await client().call(detectorSwitchRoutes.use, { body: { model, override } });
      createOutput(json ?? false).result(status, ({ live }) =>
        [
          `${live.name} is live.`,
          'Gateways fetch it now and run it within seconds; see who does: bartizan fleet',
          `The way back: bartizan detector use ${status.switches[0]?.before ?? ''}`,
        ].join('\n'),
      );
    });

  detector
    .command('status')
    .description('the live model, and how it came to be live')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      createOutput(json ?? false).result(await client().call(detectorSwitchRoutes.status, {}), inWords);
    });
}

const inWords = ({ live, switches }: DetectorStatus): string =>
  [
    `${live.name} is live${live.builtIn ? '; it comes with the product' : ''}.`,
    '',
    table(
      ['when', 'model', 'before', 'by', 'comparison'],
      switches.map((one) => [
        date(one.at),
        one.model,
        one.before,
        one.by.name,
        one.comparisonId ?? `none: ${one.override}`,
      ]),
    ),
  ].join('\n');

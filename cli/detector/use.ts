import { type DetectorStatus, detectorSwitchRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { createOutput, date, table } from '../output.ts';
import { doOrPropose, report } from '../proposing.ts';
import { client } from '../session.ts';

interface UseFlags {
  override?: string;
  reason?: string;
  json?: boolean;
}

export function addUse(detector: Command): void {
  detector
    .command('use <model>')
    .description('put a model, by its name or digest, live on all gateways; one that was live before, too')
    .option('--override <why>', 'do without a comparison with the live model, and why')
    .option('--reason <text>', 'propose it where it needs a second person, and why')
    .option('--json', 'print JSON')
    .action(async (model: string, { override, reason, json }: UseFlags) => {
      const api = client();
      const body = { model, ...(override === undefined ? {} : { override }) };
      const result = await doOrPropose(api, {
        run: () => api.call(detectorSwitchRoutes.use, { body }),
        proposal: { kind: 'detector.use', ...body },
        reason,
      });
      report(createOutput(json ?? false), result, ({ live, switches }) =>
        [
          `${live.name} is live.`,
          'Gateways fetch it now and run it within seconds; see who does: bartizan fleet',
          `The way back: bartizan detector use ${switches[0]?.before ?? ''}`,
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
      ['number', 'when', 'model', 'sha256', 'before', 'by', 'comparison'],
      switches.map((one) => [
        String(one.number),
        date(one.at),
        one.model,
        one.sha256?.slice(0, 12) ?? '–',
        one.before,
        one.by.name,
        one.comparisonId ?? `none: ${one.override}`,
      ]),
    ),
  ].join('\n');

import { type DataLineageNode, dataLineageRoutes, type Trace } from '@bartizan/contracts';
import type { Command } from 'commander';
import { wholeNumber } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';

/** `bartizan data trace SUBJECT`. */
export function addDataTrace(data: Command): void {
  data
    .command('trace <subject>')
    .description(
      'ground zero and blast radius of loans@3, loans@3#17 (row), source:NAME, batch:loans/NAME, model:NAME@2, endpoint:NAME, run:ID or interaction:ID',
    )
    .option('--limit <count>', 'at most so many things', wholeNumber(1, 1_000), 100)
    .option('--json', 'print JSON')
    .action(async (subject: string, flags: { limit: number; json?: boolean }) => {
      const found = await client().call(dataLineageRoutes.trace, {
        query: { subject, limit: flags.limit },
      });
      createOutput(flags.json ?? false).result(found, human);
    });
}

const count = (value: number): string => value.toLocaleString('en');

function reached(title: string, nodes: readonly DataLineageNode[]): string[] {
  return nodes.length === 0
    ? []
    : [
        `  ${title}`,
        ...nodes.map(
          ({ label, quarantined }) => `    ${printable(label)}${quarantined ? ' (quarantine)' : ''}`,
        ),
      ];
}

function human({ subject, origins, reached: to, truncated, hidden }: Trace): string {
  const blast = [
    ...reached('dataset versions', to.datasetVersions),
    ...reached('runs', to.runs),
    ...reached('model versions', to.modelVersions),
    ...reached('endpoints', to.endpoints),
    ...reached('systems', to.systems),
    ...(to.interactions === null || to.interactions === 0
      ? []
      : [`  ${count(to.interactions)} requests answered with it`]),
  ];
  return [
    `${subject.kind.replace('-', ' ')} ${printable(subject.label)}`,
    'ground zero',
    ...(origins.length === 0 ? ['  no dataset that is known here'] : []),
    ...origins.flatMap((origin) => [
      `  ${printable(origin.dataset)}@${origin.version}  batch ${printable(origin.batch ?? '–')}  source ${printable(origin.source ?? '–')}  ${count(origin.records)} records${
        origin.suspected === null
          ? ', not scanned'
          : `, ${count(origin.suspected)} suspected${origin.lift === null ? '' : ` (${origin.lift.toFixed(1)} times the rest)`}`
      }`,
      ...origin.rows.map(
        ({ row, score, reason }) => `    row ${row}  ${score.toFixed(2)}  ${printable(reason)}`,
      ),
    ]),
    'blast radius',
    ...(blast.length === 0 ? ['  nothing that is known'] : blast),
    ...(hidden > 0 ? [`${count(hidden)} things are of other teams`] : []),
    ...(truncated ? ['There is more than was followed: raise --limit.'] : []),
  ].join('\n');
}

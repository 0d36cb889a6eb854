import { type Fleet, fleetRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { createOutput, date, printable, table } from '../output.ts';
import { client } from '../session.ts';

export function addFleet(program: Command): void {
  program
    .command('fleet')
    .description('gateways and servers of this instance: what they run, and whether they keep up')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }) => {
      const fleet = await client().call(fleetRoutes.get, {});
      createOutput(flags.json ?? false).result(fleet, inWords);
    });
}

function inWords({ snapshot, gateways, servers }: Fleet): string {
  return [
    `Configuration ${snapshot.version.slice(0, 12)} of ${date(snapshot.issuedAt)}`,
    '',
    table(
      [
        'gateway',
        'host',
        'version',
        'state',
        'configuration',
        'limits',
        'injection model',
        'workers',
        'backlog',
        'last seen',
      ],
      gateways.map((one) => [
        one.id,
        one.host ?? '–',
        one.version ?? '–',
        one.alive ? 'alive' : 'gone',
        one.current ? 'current' : behind(one.behindSince),
        one.limits ?? '–',
        one.detector === null
          ? '–'
          : `${one.detector.model}${one.detector.failed === null ? '' : ' (cannot switch)'}`,
        String(one.workers),
        String(one.backlog),
        date(one.lastSeenAt),
      ]),
    ),
    ...gateways.flatMap(({ id, detector }) =>
      detector?.failed ? [`${id} cannot switch its injection model: ${printable(detector.failed)}`] : [],
    ),
    '',
    table(
      ['server', 'host', 'version', 'state', 'leads', 'started', 'last seen'],
      servers.map((one) => [
        one.answering ? `${one.id} (this one)` : one.id,
        one.host,
        one.version,
        one.alive ? 'alive' : 'gone',
        one.background ? one.leads.join(' ') : 'takes no part',
        date(one.startedAt),
        date(one.lastSeenAt),
      ]),
    ),
  ].join('\n');
}

const behind = (since: number | null): string => (since === null ? 'behind' : `behind since ${date(since)}`);

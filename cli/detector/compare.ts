import { setTimeout as sleep } from 'node:timers/promises';
import { type DetectorComparison, detectorComparisonRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { EXIT } from '../exit.ts';
import { wholeNumber } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { client } from '../session.ts';

const LOOK_EVERY_MS = 2_000;

interface CompareFlags {
  sample: number;
  wait?: boolean;
  json?: boolean;
}

export function addCompare(detector: Command): void {
  detector
    .command('compare <candidate>')
    .description(
      'let a candidate and the live model judge recorded traffic and corrections beside each other',
    )
    .option('--sample <number>', 'the newest interactions, at most', wholeNumber(1, 10_000), 10_000)
    .option('--no-wait', 'come back at once')
    .option('--json', 'print JSON')
    .action(async (candidate: string, { sample, wait, json }: CompareFlags) => {
      const output = createOutput(json ?? false);
      const api = client();
      let one = await api.call(detectorComparisonRoutes.create, { body: { candidate, sample } });
      output.note(`Comparison ${one.id}.`);
      let told = 0;
      while (wait && (one.state === 'waiting' || one.state === 'running')) {
        await sleep(LOOK_EVERY_MS);
        one = await api.call(detectorComparisonRoutes.get, { params: { id: one.id } });
        const done = one.progress?.done ?? told;
        if (done > told) output.note(`${done} interactions …`);
        told = done;
      }
      output.result(one, comparisonInWords);
      if (one.state === 'failed' || one.state === 'cancelled') process.exitCode = EXIT.failed;
    });

  const comparisons = detector.command('comparisons').description('how candidates did beside the live model');
  comparisons
    .command('list')
    .description('newest first')
    .option('--candidate <model>', 'of one candidate')
    .option('--limit <number>', 'how many', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'go on where an earlier page ended')
    .option('--json', 'print JSON')
    .action(
      async ({ json, ...query }: { candidate?: string; limit: number; cursor?: string; json?: boolean }) => {
        const page = await client().call(detectorComparisonRoutes.list, { query });
        createOutput(json ?? false).result(page, ({ items, next }) =>
          [
            table(
              ['when', 'candidate', 'live', 'state', 'interactions', 'differ', 'by', 'id'],
              items.map((one) => [
                date(one.requestedAt),
                one.candidate,
                one.live,
                one.state,
                String(one.result?.interactions ?? one.progress?.done ?? '–'),
                String(one.result?.changes ?? '–'),
                one.requestedBy.name,
                one.id,
              ]),
            ),
            ...(next ? [`More: --cursor ${next}`] : []),
          ].join('\n'),
        );
      },
    );

  comparisons
    .command('show <id>')
    .description('one comparison with its result')
    .option('--changes', 'also the interactions about which the two differ')
    .option('--json', 'print JSON')
    .action(async (id: string, { changes, json }: { changes?: boolean; json?: boolean }) => {
      const api = client();
      const comparison = await api.call(detectorComparisonRoutes.get, { params: { id } });
      const seen = changes
        ? await api.call(detectorComparisonRoutes.changes, { params: { id }, query: { limit: 200 } })
        : null;
      createOutput(json ?? false).result(seen ? { ...comparison, seen } : comparison, () =>
        [
          comparisonInWords(comparison),
          ...(seen === null
            ? []
            : [
                '',
                table(
                  ['when', 'interaction', 'segment', 'written by', 'live', 'candidate'],
                  seen.items.map((one) => [
                    date(one.at),
                    one.interactionId,
                    String(one.segment),
                    one.origin,
                    word(one.live),
                    word(one.candidate),
                  ]),
                ),
              ]),
        ].join('\n'),
      );
    });

  comparisons
    .command('cancel <id>')
    .description('stop one that waits or runs')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const one = await client().call(detectorComparisonRoutes.cancel, { params: { id } });
      createOutput(json ?? false).result(one, () => 'Cancelled.');
    });
}

const word = ({ attack, probability }: { attack: boolean; probability: number | null }): string =>
  `${attack ? 'attack' : 'harmless'}${probability === null ? '' : ` ${probability.toFixed(3)}`}`;

type Shares = NonNullable<DetectorComparison['result']>['live']['recall'];

const percent = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)}%`);

function sharesInWords(shares: Shares): string[] {
  return shares.map(({ share, low, high, count, of }) =>
    of === 0 ? '–' : `${percent(share)} (${percent(low)}–${percent(high)}, ${count} of ${of})`,
  );
}

function comparisonInWords(comparison: DetectorComparison): string {
  const { candidate, live, state, message, result } = comparison;
  const heading = `${candidate} beside ${live}: ${state}${message === '' ? '' : `, ${message}`}`;
  if (result === null) return heading;
  const rows = (['live', 'candidate'] as const).flatMap((which) => [
    [which, 'interactions blocked', ...sharesInWords(result[which].blocked)],
    [which, 'corrected attacks found', ...sharesInWords(result[which].recall)],
    [which, 'false alarms on corrected', ...sharesInWords(result[which].falseAlarms)],
  ]);
  const { texts, agreement } = result;
  return [
    heading,
    `${result.interactions} interactions, ${texts.user} texts of users and ${texts.third_party} of third parties; ` +
      `${result.notEvaluable} without kept text, ${result.notJudged} texts not judged.`,
    '',
    table(['model', '', 'strict', 'balanced', 'quiet'], rows),
    '',
    table(
      ['operating point', 'both attack', 'neither', 'only live', 'only candidate'],
      agreement.map((at) => [at.point, ...[at.both, at.neither, at.onlyLive, at.onlyCandidate].map(String)]),
    ),
    '',
    table(
      ['model', 'p50 ms', 'p99 ms', 'settled by the fast stage'],
      (['live', 'candidate'] as const).map((which) => [
        which,
        result[which].latencyMs.p50.toFixed(2),
        result[which].latencyMs.p99.toFixed(2),
        percent(result[which].settledByLinear.share),
      ]),
    ),
  ].join('\n');
}

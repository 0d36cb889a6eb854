import { type Review, type ReviewChange, type ReviewDetail, reviewRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { wholeNumber } from '../options.ts';
import { createOutput, date, printable, table } from '../output.ts';
import { approversOf } from '../proposing.ts';
import { client } from '../session.ts';

interface Flags {
  json?: boolean;
}

export function addReview(program: Command): void {
  const review = program.command('review').description('changes that wait for a second person');

  review
    .command('list')
    .description('open reviews, newest first')
    .option('--decided', 'those that are over instead')
    .option('--mine', 'only what you proposed')
    .option('--limit <number>', 'how many', wholeNumber(1, 200), 50)
    .option('--json', 'print JSON')
    .action(async (flags: Flags & { decided?: boolean; mine?: boolean; limit: number }) => {
      const page = await client().call(reviewRoutes.list, {
        query: {
          state: flags.decided ? 'decided' : 'open',
          mine: flags.mine ? 'true' : 'false',
          limit: flags.limit,
        },
      });
      createOutput(flags.json ?? false).result(page, ({ items }) =>
        table(
          ['id', 'state', 'proposed by', 'until', 'what', 'why'],
          items.map((one) => [
            one.id,
            one.state,
            one.proposedBy.name,
            date(one.expiresAt),
            one.title,
            one.reason.slice(0, 60),
          ]),
        ),
      );
    });

  review
    .command('show <id>')
    .description('one review with what would change')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: Flags) => {
      const one = await client().call(reviewRoutes.get, { params: { id } });
      createOutput(flags.json ?? false).result(one, shown);
    });

  decision(
    review
      .command('approve <id>')
      .description('approve what somebody else proposed (keys may not: use the console)'),
  )
    .option('--digest <hex>', 'only if it is exactly this proposal, as "review show" prints it')
    .action(async (id: string, flags: Flags & { note: string; digest?: string }) => {
      const api = client();
      const one = await api.call(reviewRoutes.get, { params: { id } });
      demandAllowed('approve', one);
      const body = { digest: flags.digest ?? one.digest, note: flags.note };
      const done = await api.call(reviewRoutes.approve, { params: { id }, body });
      createOutput(flags.json ?? false).result(done, ({ title }) => `Approved and done: ${title}.`);
    });

  decision(
    review
      .command('reject <id>')
      .description('reject what somebody else proposed (keys may not: use the console)'),
  ).action(async (id: string, flags: Flags & { note: string }) => {
    const api = client();
    demandAllowed('reject', await api.call(reviewRoutes.get, { params: { id } }));
    const done = await api.call(reviewRoutes.reject, { params: { id }, body: { note: flags.note } });
    createOutput(flags.json ?? false).result(done, ({ title }) => `Rejected: ${title}.`);
  });

  review
    .command('withdraw <id>')
    .description('take back what you proposed')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: Flags) => {
      const done = await client().call(reviewRoutes.withdraw, { params: { id } });
      createOutput(flags.json ?? false).result(done, ({ title }: Review) => `Taken back: ${title}.`);
    });
}

/** Throws with the reason and where to decide: keys only propose, so most often that is the console. */
function demandAllowed(what: 'approve' | 'reject', { state, may }: ReviewDetail): void {
  const { allowed, reason } = may[what];
  if (allowed) return;
  const where = state === 'open' ? ' Whoever may decides in the console, under Traffic → Reviews.' : '';
  throw new CliError(`You may not ${what} it: ${reason}.${where}`, EXIT.denied);
}

const decision = (command: Command): Command =>
  command.option('--note <text>', 'a word to whoever proposed it', '').option('--json', 'print JSON');

const value = (given: unknown): string =>
  given === null || given === undefined ? '–' : typeof given === 'string' ? given : JSON.stringify(given);

const line = ({ path, before, after }: ReviewChange): string =>
  printable(`${path}\n`).trim() +
  `\n  before: ${printable(value(before))}\n  after:  ${printable(value(after))}`;

function shown(one: ReviewDetail): string {
  return [
    `${one.title}  (${one.state}${one.stale ? ', but what it is about changed since' : ''})`,
    `Proposed by ${one.proposedBy.name} on ${date(one.proposedAt)}, good until ${date(one.expiresAt)}: ${printable(one.reason)}`,
    ...(one.decidedBy
      ? [`Decided by ${one.decidedBy.name} on ${date(one.decidedAt)}. ${printable(one.decisionNote)}`]
      : []),
    ...one.changes.map(line),
    ...(one.state === 'open' ? [`${approversOf(one)}.`] : []),
    ...(one.state === 'open' && !one.may.approve.allowed ? [`You may not: ${one.may.approve.reason}.`] : []),
    `digest ${one.digest}`,
  ].join('\n');
}

import { readFileSync } from 'node:fs';
import { SINK_KINDS, type Sink, SinkInput, SinkKind, type SinkTarget, sinkRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { readJsonFile } from '../json-file.ts';
import { createOutput, date, table } from '../output.ts';
import { client } from '../session.ts';
import { readStdin } from '../stdin.ts';

interface Flags {
  json?: boolean;
}
interface AddFlags extends Flags {
  ca?: string;
  secretStdin?: boolean;
}

export function addSink(program: Command): void {
  const sink = program.command('sink').description('where events are sent: a SIEM, a collector, a file');

  sink
    .command('list')
    .description('all sinks and how they do')
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const { items } = await client().call(sinkRoutes.list, {});
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['name', 'to', 'kinds', 'state', 'waiting', 'delivered', 'set aside', 'lost'],
          all.map((one) => [
            one.name,
            placeOf(one.target),
            one.filter.kinds.length === SINK_KINDS.length ? 'all' : one.filter.kinds.join(' '),
            one.status.alarm ? `${one.status.state}, behind` : one.status.state,
            String(one.status.lag.records),
            String(one.status.delivered),
            String(one.status.deadLetters),
            String(one.status.lost),
          ]),
        ),
      );
    });

  sink
    .command('add <file>')
    .description(
      `create a sink from a JSON file (kinds: ${SinkKind.options.join(', ')}), or replace the one of that name`,
    )
    .option('--ca <file>', 'certificates of the authorities that may vouch for the receiver, in PEM')
    .option('--secret-stdin', 'read the password, bearer token or collector token from standard input')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: AddFlags) => {
      const body = readJsonFile(file, SinkInput);
      if (flags.secretStdin) giveSecret(body.target, (await readStdin(8192)).trim());
      if (flags.ca && body.target.type !== 'file') body.target.ca = readText(flags.ca);
      const api = client();
      const { items } = await api.call(sinkRoutes.list, {});
      const known = items.find(({ name }) => name === body.name);
      const made = await (known
        ? api.call(sinkRoutes.update, { params: { id: known.id }, body })
        : api.call(sinkRoutes.create, { body })
      ).catch((error: unknown) => {
        throw flags.secretStdin ? error : withSecretHint(error, file);
      });
      createOutput(flags.json ?? false).result(
        made,
        (one) => `Sink ${one.name} ${known ? 'replaced' : 'created'}: sends to ${placeOf(one.target)}.`,
      );
    });

  sink
    .command('test <name>')
    .description('send one event that is labelled as a test and show what the receiver says')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Flags) => {
      const api = client();
      const one = await byName(api, name);
      const result = await api.call(sinkRoutes.test, { params: { id: one.id } });
      createOutput(flags.json ?? false).result(result, (said) =>
        [
          `${said.ok ? 'Taken' : 'Not taken'}: ${said.message} (${said.latencyMs} ms)`,
          ...(said.answer === '' ? [] : [`The receiver says: ${said.answer}`]),
        ].join('\n'),
      );
      if (!result.ok) process.exitCode = EXIT.failed;
    });

  sink
    .command('status <name>')
    .description('how far behind a sink is, and what went wrong last')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Flags) => {
      const api = client();
      const one = await byName(api, name);
      const status = await api.call(sinkRoutes.status, { params: { id: one.id } });
      createOutput(flags.json ?? false).result(status, (now) =>
        [
          `state       ${now.state}${now.alarm ? ', behind' : ''}`,
          `waiting     ${now.lag.records} records, the oldest for ${Math.round(now.lag.seconds)} s`,
          `delivered   ${now.delivered}, last ${date(now.lastSuccessAt)}`,
          `failures    ${now.failedAttempts}${now.lastError ? `, last ${date(now.lastError.at)}: ${now.lastError.message}` : ''}`,
          `set aside   ${now.deadLetters}`,
          `lost        ${now.lost}`,
          ...(now.nextAttemptAt === null ? [] : [`next try    ${date(now.nextAttemptAt)}`]),
        ].join('\n'),
      );
    });

  for (const [verb, route, description, said] of [
    ['pause', sinkRoutes.pause, 'stop sending for now; events wait', 'paused; events wait'],
    ['resume', sinkRoutes.resume, 'send again, beginning with what waits', 'sends again'],
  ] as const) {
    sink
      .command(`${verb} <name>`)
      .description(description)
      .option('--json', 'print JSON')
      .action(async (name: string, flags: Flags) => {
        const api = client();
        const { id } = await byName(api, name);
        const now = await api.call(route, { params: { id } });
        createOutput(flags.json ?? false).result(now, (one) => `Sink ${one.name} ${said}.`);
      });
  }

  sink
    .command('remove <name>')
    .description('remove a sink with what waits for it and what was set aside')
    .option('--yes', 'do not ask back')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Flags & { yes?: boolean }) => {
      const api = client();
      const one = await byName(api, name);
      if (!flags.yes) {
        const { records } = one.status.lag;
        throw new CliError(
          `Nothing is sent to ${placeOf(one.target)} any more, and ${records} waiting records never are. Add --yes to do it.`,
          EXIT.usage,
        );
      }
      await api.call(sinkRoutes.remove, { params: { id: one.id } });
      createOutput(flags.json ?? false).result({ removed: one.id }, () => `Sink ${one.name} removed.`);
    });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new CliError(`${path} cannot be read`, EXIT.usage);
  }
}

/** Where the server misses the password or token: how one is given. */
function withSecretHint(error: unknown, file: string): unknown {
  if (!(error instanceof ApiFailure)) return error;
  const missing = error.body.issues?.some(({ path }) => /(^|\.)target\.(password|token)$/.test(path));
  return missing
    ? new ApiFailure(error.status, {
        ...error.body,
        hint: `Pipe it in: bartizan sink add ${file} --secret-stdin < token.txt`,
      })
    : error;
}

/** Puts a secret into the one field that the target has for it. */
function giveSecret(target: ReturnType<typeof SinkInput.parse>['target'], secret: string): void {
  if (target.type === 'https') target.password = secret;
  else if (target.type === 'splunk-hec') target.token = secret;
  else throw new CliError('this kind of sink has no password or token', EXIT.usage);
}

function placeOf(target: SinkTarget): string {
  if (target.type === 'file') return `file ${target.name}`;
  return target.type === 'syslog' ? `${target.protocol}://${target.host}:${target.port}` : target.url;
}

async function byName(api: Client, name: string): Promise<Sink> {
  const { items } = await api.call(sinkRoutes.list, {});
  const found = items.find((one) => one.name === name || one.id === name);
  if (!found) throw new CliError(`there is no sink "${name}"; "bartizan sink list" shows them all`);
  return found;
}

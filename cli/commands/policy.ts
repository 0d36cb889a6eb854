import { PolicyDocument, type PolicySummary, policyRoutes } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError } from '../exit.ts';
import { readJsonFile } from '../json-file.ts';
import { wholeNumber } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { doOrPropose, report } from '../proposing.ts';
import { client } from '../session.ts';

interface Flags {
  json?: boolean;
}
interface SaveFlags extends Flags {
  note: string;
  activate?: boolean;
  reason?: string;
}

export function addPolicy(program: Command): void {
  const policy = program.command('policy').description('guard policies and their versions');

  policy
    .command('list')
    .description('all policies')
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const { items } = await client().call(policyRoutes.list, {});
      createOutput(flags.json ?? false).result(items, (all) =>
        table(
          ['id', 'name', 'mode', 'live version', 'rules', 'changed'],
          all.map((one) => [
            one.id,
            one.name,
            one.mode,
            `${one.activeVersion} of ${one.latestVersion}`,
            String(one.ruleCount),
            date(one.updatedAt),
          ]),
        ),
      );
    });

  policy
    .command('show <policy>')
    .description('the live document of a policy (by name or id), as JSON that "policy save" takes')
    .option('--version <number>', 'another version', wholeNumber(1, 1_000_000))
    .option('--json', 'print the whole policy with its versions as JSON')
    .action(async (name: string, flags: Flags & { version?: number }) => {
      const detail = await find(client(), name);
      const chosen = detail.versions.find((one) => one.version === (flags.version ?? detail.activeVersion));
      if (!chosen) throw new CliError(`"${detail.name}" has no version ${flags.version}`);
      createOutput(flags.json ?? false).result(flags.version ? chosen : detail, () =>
        JSON.stringify(chosen.document, null, 2),
      );
    });

  policy
    .command('create <name> <file>')
    .description('create a policy from a JSON document')
    .option('--json', 'print JSON')
    .action(async (name: string, file: string, flags: Flags) => {
      const made = await client().call(policyRoutes.create, {
        body: { name, document: readJsonFile(file, PolicyDocument) },
      });
      createOutput(flags.json ?? false).result(made, (one) => `Policy ${one.name} (${one.id}) created.`);
    });

  policy
    .command('save <policy> <file>')
    .description('save a new version from a JSON document')
    .option('--note <text>', 'what changed and why', '')
    .option('--activate', 'put it live at once')
    .option('--reason <text>', 'why, for whoever approves it where a second person is needed')
    .option('--json', 'print JSON')
    .action(async (name: string, file: string, flags: SaveFlags) => {
      const document = readJsonFile(file, PolicyDocument);
      const api = client();
      const { id } = await find(api, name);
      const { note, activate = false, reason } = flags;
      const result = await doOrPropose(api, {
        run: () => api.call(policyRoutes.addVersion, { params: { id }, body: { document, note, activate } }),
        proposal: { kind: 'policies.save', policyId: id, document, note },
        reason,
      });
      report(
        createOutput(flags.json ?? false),
        result,
        (one) => `Version ${one.latestVersion} of ${one.name} saved; version ${one.activeVersion} is live.`,
      );
    });

  policy
    .command('activate <policy> <version>')
    .description('put a version live, an earlier one too')
    .option('--reason <text>', 'why, for whoever approves it where a second person is needed')
    .option('--json', 'print JSON')
    .action(async (name: string, given: string, flags: Flags & { reason?: string }) => {
      const api = client();
      const { id } = await find(api, name);
      const version = wholeNumber(1, 1_000_000)(given);
      const result = await doOrPropose(api, {
        run: () => api.call(policyRoutes.activate, { params: { id }, body: { version } }),
        proposal: { kind: 'policies.activate', policyId: id, version },
        reason: flags.reason,
      });
      report(
        createOutput(flags.json ?? false),
        result,
        (one) => `Version ${one.activeVersion} of ${one.name} is live.`,
      );
    });

  policy
    .command('dry-run <file>')
    .description('judge recorded traffic with a draft and show which verdicts would change')
    .option('--sample <number>', 'newest interactions to look at', wholeNumber(1, 5000), 1000)
    .option('--json', 'print JSON')
    .action(async (file: string, flags: Flags & { sample: number }) => {
      const document = readJsonFile(file, PolicyDocument);
      const result = await client().call(policyRoutes.dryRun, { body: { document, sample: flags.sample } });
      createOutput(flags.json ?? false).result(result, (run) =>
        [
          `${run.examined} interactions examined, ${run.unchanged} unchanged, ${run.notEvaluable} keep no text.`,
          table(
            ['when', 'endpoint', 'before', 'after', 'rules', 'interaction'],
            run.changes.map((one) => [
              date(one.at),
              one.endpoint,
              one.before,
              one.after,
              one.rules.join(', '),
              one.interactionId,
            ]),
          ),
        ].join('\n'),
      );
    });
}

async function find(api: Client, name: string) {
  const { items } = await api.call(policyRoutes.list, {});
  const matches = items.filter(
    (one: PolicySummary) => one.id === name || one.name.toLowerCase() === name.toLowerCase(),
  );
  const [only] = matches;
  if (!only) throw new CliError(`there is no policy "${name}"; "bartizan policy list" shows them all`);
  if (matches.length > 1) throw new CliError(`${matches.length} policies are called "${name}"; give the id`);
  return api.call(policyRoutes.get, { params: { id: only.id } });
}

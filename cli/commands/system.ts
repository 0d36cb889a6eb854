import { readFileSync, statSync } from 'node:fs';
import {
  type Answers,
  Answers as AnswersSchema,
  inventoryRoutes,
  MAX_CSV_BYTES,
  RISK_TIERS,
  SYSTEM_STATES,
  SystemInput,
} from '@bartizan/contracts';
import { ApiFailure } from '@bartizan/contracts/client.ts';
import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { readJsonFile } from '../json-file.ts';
import { collect } from '../options.ts';
import { createOutput, printable, table } from '../output.ts';
import { client } from '../session.ts';
import { byKey, everySystem, given, inputOf, partsOf, type SystemFlags } from '../system/lookup.ts';
import { importText, questionText, resultText, systemText } from '../system/words.ts';

interface Json {
  json?: boolean;
}

export function addSystem(program: Command): void {
  const system = program.command('system').description('AI systems: what the business runs');
  addReading(system);
  addWriting(system);
  addRisk(system);
  addFiles(system);
}

interface ListFlags extends Json {
  text?: string;
  state?: string;
  tier?: string;
  attention?: boolean;
}

function addReading(system: Command): void {
  system
    .command('list')
    .description('all systems')
    .option('--text <words>', 'with these words in name, purpose, vendor or tags')
    .addOption(new Option('--state <state>', 'only in this state').choices(SYSTEM_STATES))
    .addOption(new Option('--tier <tier>', 'only with this risk tier').choices([...RISK_TIERS, 'none']))
    .option('--attention', 'only those that need attention')
    .option('--json', 'print JSON')
    .action(async (flags: ListFlags) => {
      const query = {
        text: flags.text,
        state: flags.state,
        tier: flags.tier,
        attention: flags.attention ? 'any' : undefined,
      };
      createOutput(flags.json ?? false).result(await everySystem(client(), query), (all) =>
        table(
          ['key', 'name', 'state', 'tier', 'EU AI Act', 'owner', 'attention'],
          all.map((one) => [
            one.key,
            one.name,
            one.state,
            one.risk?.tier ?? 'not assessed',
            one.risk?.actClass ?? '–',
            one.owner?.name ?? 'nobody',
            one.attention.join(', '),
          ]),
        ),
      );
    });

  system
    .command('show <key>')
    .description('one system; --json for all that is known of it')
    .option('--json', 'print JSON')
    .action(async (key: string, flags: Json) => {
      createOutput(flags.json ?? false).result(await byKey(client(), key), systemText);
    });

  system
    .command('attention')
    .description('what somebody must look into, the weightiest first; exit code 1 when there is anything')
    .option('--json', 'print JSON')
    .action(async (flags: Json) => {
      const { items, total } = await client().call(inventoryRoutes.attention, {});
      createOutput(flags.json ?? false).result({ items, total }, () =>
        table(
          ['weight', 'what', 'why', 'next step'],
          items.map(({ severity, subject, reason, next }) => [
            severity,
            `${subject.kind} ${subject.name}`,
            reason,
            next,
          ]),
        ),
      );
      if (total > 0) process.exitCode = EXIT.findings;
    });
}

interface AddFlags extends Json, SystemFlags {
  name?: string;
  state?: string;
  file?: string;
}

function addWriting(system: Command): void {
  system
    .command('add <key>')
    .description('describe a system')
    .option('--name <name>', 'name that people see (default: the key)')
    .option('--purpose <text>', 'why the business runs it')
    .addOption(
      new Option('--state <state>', 'where in its life it is').choices(SYSTEM_STATES).default('idea'),
    )
    .option(
      '--owner <name>',
      'person or team that answers for it; a name without an account is kept as a name',
    )
    .option('--vendor-model <name>', 'a model that is not in the registry (again for more)', collect)
    .option('--tag <tag>', 'a tag (again for more)', collect)
    .option('--file <file>', 'everything else from a JSON file, as "system show --json" prints it')
    .option('--json', 'print JSON')
    .action(async (key: string, flags: AddFlags) => {
      const api = client();
      const body = {
        name: flags.name ?? key,
        ...(flags.file ? readJsonFile(flags.file, SystemInput.partial()) : {}),
        key,
        state: flags.state as (typeof SYSTEM_STATES)[number],
        ...(await partsOf(api, flags)),
      };
      const made = await api.call(inventoryRoutes.create, { body }).catch((error: unknown) => {
        const taken =
          error instanceof ApiFailure &&
          error.body.issues?.some(({ path }) => path === 'key') &&
          error.status === 409;
        if (!taken) throw error;
        throw new CliError(
          `there is a system "${key}" already; to change it: bartizan system edit ${key}; or choose another key`,
        );
      });
      createOutput(flags.json ?? false).result(
        made,
        (one) => `System ${one.key} (${one.id}) is in the inventory.`,
      );
    });

  system
    .command('edit <key>')
    .description('change what is said of a system; what is not given stays')
    .option('--name <name>', 'name that people see')
    .option('--purpose <text>', 'why the business runs it')
    .addOption(new Option('--state <state>', 'where in its life it is').choices(SYSTEM_STATES))
    .option('--owner <name>', 'person or team that answers for it')
    .option(
      '--vendor-model <name>',
      'models that are not in the registry: replaces them (again for more)',
      collect,
    )
    .option('--tag <tag>', 'tags: replaces them (again for more)', collect)
    .option('--file <file>', 'fields from a JSON file')
    .option('--json', 'print JSON')
    .action(async (key: string, flags: AddFlags) => {
      const api = client();
      const known = await byKey(api, key);
      const body = {
        ...inputOf(known),
        ...(flags.file ? given(flags.file) : {}),
        ...(flags.name === undefined ? {} : { name: flags.name }),
        ...(flags.state === undefined ? {} : { state: flags.state as (typeof SYSTEM_STATES)[number] }),
        ...(await partsOf(api, flags)),
        revision: known.revision,
      };
      const made = await api.call(inventoryRoutes.update, { params: { id: known.id }, body });
      createOutput(flags.json ?? false).result(made, (one) => `System ${one.key} changed.`);
    });

  system
    .command('review <key>')
    .description('say that a system is as described; sets the date of the next review')
    .option('--note <text>', 'what was looked at', '')
    .option('--next <day>', 'next review, e.g. 2027-03-31 (default: after its interval)')
    .option('--json', 'print JSON')
    .action(async (key: string, flags: Json & { note: string; next?: string }) => {
      const api = client();
      const { id } = await byKey(api, key);
      const body = { note: flags.note, ...(flags.next ? { nextReviewOn: flags.next } : {}) };
      const made = await api.call(inventoryRoutes.review, { params: { id }, body });
      createOutput(flags.json ?? false).result(made, (one) => `Reviewed; next on ${one.nextReviewOn}.`);
    });

  system
    .command('retire <key>')
    .description('retire a system; it stays on record')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--json', 'print JSON')
    .action(async (key: string, flags: Json & { reason: string }) => {
      const api = client();
      const { id } = await byKey(api, key);
      const made = await api.call(inventoryRoutes.retire, { params: { id }, body: { reason: flags.reason } });
      createOutput(flags.json ?? false).result(made, (one) => `System ${one.key} is retired.`);
    });
}

function addRisk(system: Command): void {
  system
    .command('assess <key>')
    .description('work out risk tier and EU AI Act class from answers')
    .option('--answers <file>', 'JSON file: question id to answer, or to a list of answers')
    .option('--dry-run', 'say what the answers come to, and keep nothing')
    .option('--note <text>', 'who was asked, what was looked at', '')
    .option('--questions', 'print the questions and their answers instead')
    .option('--json', 'print JSON')
    .action(
      async (
        key: string,
        flags: Json & { answers?: string; dryRun?: boolean; note: string; questions?: boolean },
      ) => {
        const api = client();
        const output = createOutput(flags.json ?? false);
        if (flags.questions) {
          output.result(await api.call(inventoryRoutes.questionnaire, {}), ({ questions, notice }) =>
            [...questions.map(questionText), notice].join('\n\n'),
          );
          return;
        }
        if (!flags.answers) {
          throw new CliError('Give --answers FILE, or --questions to see what is asked.', EXIT.usage);
        }
        const { id } = await byKey(api, key);
        const answers: Answers = readJsonFile(flags.answers, AnswersSchema);
        const { questions } = await api.call(inventoryRoutes.questionnaire, {});
        const names = questions.map((question) => question.id);
        const strange = Object.keys(answers).filter((name) => !names.includes(name));
        if (strange.length > 0) {
          throw new CliError(
            `there is no question ${strange.map((name) => `"${printable(name)}"`).join(', ')}; there are ${names.join(', ')}.\n"bartizan system assess ${key} --questions" says what each asks and takes.`,
            EXIT.usage,
          );
        }
        const result = await api.call(inventoryRoutes.tryAssessment, { body: { answers } });
        if (flags.dryRun) {
          output.result(result, resultText);
          return;
        }
        const made = await api.call(inventoryRoutes.assess, {
          params: { id },
          body: { answers, note: flags.note },
        });
        output.result({ system: made, result }, () => resultText(result));
      },
    );
}

function addFiles(system: Command): void {
  system
    .command('import <file>')
    .description(
      'create and update systems from a CSV file: the whole file, or nothing; exit code 1 with errors',
    )
    .option('--dry-run', 'say what would happen, and change nothing')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: Json & { dryRun?: boolean }) => {
      if (statSync(file).size > MAX_CSV_BYTES)
        throw new CliError(`${file} is larger than 5 MiB.`, EXIT.usage);
      const content = readFileSync(file).toString('base64');
      const body = { file: content, dryRun: flags.dryRun ?? false };
      const result = await client().call(inventoryRoutes.import, { body });
      createOutput(flags.json ?? false).result(result, importText);
      if (result.failed > 0) process.exitCode = EXIT.findings;
    });

  system
    .command('export')
    .description('all systems as CSV, in the columns that an import takes')
    .option('--text <words>', 'with these words in name, purpose, vendor or tags')
    .action(async (flags: { text?: string }) => {
      const answer = await client().stream(inventoryRoutes.export, { query: { text: flags.text } });
      process.stdout.write(Buffer.from(await answer.arrayBuffer()));
    });
}

import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import { InjectionModelError } from '@bartizan/checks/text/injection/model/manifest.ts';
import { type DetectorModel, detectorModelRoutes } from '@bartizan/contracts';
import { ApiFailure, routeUrl } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { createOutput, date, table } from '../output.ts';
import { client, readSession } from '../session.ts';

export function addModels(detector: Command): void {
  detector
    .command('list')
    .description('models of the injection check: the product’s own first, then those that were added')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const answer = await client().call(detectorModelRoutes.list, {});
      createOutput(json ?? false).result(answer, ({ items }) =>
        table(
          ['model', 'live', 'from', 'added', 'MB', 'sha256', 'note'],
          items.map((one) => [
            one.name,
            one.live ? 'live' : '',
            one.builtIn ? 'the product' : (one.addedBy?.name ?? '–'),
            date(one.addedAt),
            (one.bytes / 1e6).toFixed(1),
            one.sha256?.slice(0, 12) ?? '–',
            one.note,
          ]),
        ),
      );
    });

  detector
    .command('show <model>')
    .description('one model: its files and the probabilities from which a text counts as an attack')
    .option('--json', 'print JSON')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const model = await client().call(detectorModelRoutes.get, { params: { name } });
      createOutput(json ?? false).result(model, inWords);
    });

  detector
    .command('add <folder>')
    .description('add a model that the training recipe built, as a candidate')
    .option('--note <text>', 'what is new about it', '')
    .option('--json', 'print JSON')
    .action(async (folder: string, { note, json }: { note: string; json?: boolean }) => {
      const output = createOutput(json ?? false);
      const { manifest } = readable(folder);
      for (const { name, sha256 } of Object.values(manifest.files)) {
        output.note(`Sending ${name} …`);
        await send(join(folder, name), sha256);
      }
      const added = await client().call(detectorModelRoutes.add, {
        body: { manifest: JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')), note },
      });
      output.result(added, ({ name }) =>
        [`Added ${name}.`, `Compare it with the live model: bartizan detector compare ${name}`].join('\n'),
      );
    });

  detector
    .command('remove <model>')
    .description('remove a model that is not live')
    .option('--json', 'print JSON')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const done = await client().call(detectorModelRoutes.remove, { params: { name } });
      createOutput(json ?? false).result(done, () => `Removed ${name}.`);
    });
}

/** Checks the folder here first: a damaged one need not be sent. */
function readable(folder: string): NonNullable<ReturnType<typeof loadModel>> {
  if (!existsSync(folder)) throw new CliError(`There is no folder ${folder}.`, EXIT.usage);
  try {
    const model = loadModel(folder);
    if (model) return model;
  } catch (error) {
    if (error instanceof InjectionModelError) throw new CliError(error.message, EXIT.usage);
    throw error;
  }
  throw new CliError(`${folder} holds no model: there is no model.json.`, EXIT.usage);
}

async function send(path: string, sha256: string): Promise<void> {
  const { url, key } = readSession();
  const { sendFile } = detectorModelRoutes;
  const answer = await fetch(url + routeUrl(sendFile, { params: { digest: sha256 } }), {
    method: sendFile.method,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/octet-stream',
      'content-length': String(statSync(path).size),
    },
    body: Readable.toWeb(createReadStream(path)) as ReadableStream,
    duplex: 'half',
  }).catch(() => {
    throw new CliError(`Bartizan does not answer at ${url}.`, EXIT.unavailable);
  });
  const body = (await answer.json().catch(() => null)) as { error?: ApiFailure['body'] } | null;
  if (answer.ok) return;
  const fallback = { code: 'unexpected', message: `the server answered ${answer.status}`, requestId: '' };
  throw new ApiFailure(answer.status, body?.error ?? fallback);
}

function inWords(model: DetectorModel): string {
  const { name, live, liveSince, builtIn, addedBy, addedAt, note, files, points } = model;
  return [
    `${name}${live ? ' (live)' : ''}`,
    builtIn
      ? 'Comes with the product.'
      : `Added by ${addedBy?.name ?? '–'}, ${date(addedAt)}. ${note}`.trim(),
    ...(liveSince === null ? [] : [`Last put live ${date(liveSince)}.`]),
    '',
    table(
      ['file', 'bytes', 'sha256'],
      files.map((file) => [file.name, String(file.bytes), file.sha256]),
    ),
    ...(points === null
      ? ['The rules decide alone.']
      : [
          '',
          table(
            ['attack from', 'strict', 'balanced', 'quiet'],
            Object.entries(points).map(([origin, at]) => [
              origin,
              ...(['strict', 'balanced', 'quiet'] as const).map((point) => at[point].toFixed(4)),
            ]),
          ),
        ]),
  ].join('\n');
}

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { auditRoutes } from '@bartizan/contracts';
import { MAX_LINE } from '@bartizan/contracts/tlog/export.ts';
import { COSIGNATURE, parseVerifierKey } from '@bartizan/contracts/tlog/note.ts';
import { ExportUnreadable, type Verified, verifyExport } from '@bartizan/contracts/tlog/verify-export.ts';
import type { Command } from 'commander';
import { linesOf } from '../audit/lines.ts';
import { type LiveResult, verifyLive } from '../audit/live.ts';
import { readRemembered, writeRemembered } from '../audit/remembered.ts';
import { CliError, EXIT } from '../exit.ts';
import { collect, instant, wholeNumber } from '../options.ts';
import { createOutput, date, printable, table } from '../output.ts';
import { client, clientFor, readSession } from '../session.ts';

interface ListFlags {
  actor?: string;
  action?: string;
  subject?: string;
  purpose?: string;
  from?: number;
  to?: number;
  limit: number;
  cursor?: string;
  json?: boolean;
}

interface VerifyFlags {
  url?: string;
  key?: string;
  witness?: string[];
  newOnly?: boolean;
  json?: boolean;
}

export function addAudit(program: Command): void {
  const audit = program.command('audit').description('the tamper-evident log of who did what');

  audit
    .command('list')
    .description('entries, newest first')
    .option('--actor <who>', 'id of the actor, or words in their name')
    .option('--action <action>', 'e.g. keys.created, or keys.* (several with commas)')
    .option('--subject <subject>', 'e.g. key:<id>, or key: for all of a kind')
    .option('--purpose <words>', 'words in the reason of a protected read; * for all that have one')
    .option('--from <time>', 'from this instant on, e.g. 2h or 2026-05-01', instant)
    .option('--to <time>', 'until this instant', instant)
    .option('--limit <number>', 'how many', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'go on where an earlier page ended')
    .option('--json', 'print JSON')
    .action(async ({ json, ...query }: ListFlags) => {
      const page = await client().call(auditRoutes.entries, { query });
      createOutput(json ?? false).result(page, ({ items, next }) =>
        [
          table(
            ['place', 'when', 'who', 'action', 'subject', 'why', 'id'],
            items.map((one) => [
              one.index === null ? 'waits' : String(one.index),
              date(one.at),
              one.actor.name,
              one.action,
              one.subject,
              (one.purpose ?? '').slice(0, 40),
              one.id,
            ]),
          ),
          ...(next ? [`More: --cursor ${next}`] : []),
        ].join('\n'),
      );
    });

  audit
    .command('checkpoint')
    .description('the newest signed checkpoint, as a note that others can keep')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }) => {
      const note = await (await client().stream(auditRoutes.logCheckpoint, {})).text();
      createOutput(flags.json ?? false).result({ note }, (shown) => shown.note.trimEnd());
    });

  audit
    .command('export')
    .description('the whole log as JSON Lines, to be verified without the server')
    .action(async () => {
      const response = await client().stream(auditRoutes.export, {});
      for await (const chunk of response.body ?? []) {
        if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
      }
    });

  audit
    .command('verify [file]')
    .description('an export (- for standard input), or without one the log of the server')
    .option('--url <address>', 'of the server, instead of that of "bartizan login" (key in BARTIZAN_API_KEY)')
    .option('--key <key>', 'the public key that you trust, as name+1a2b3c4d+BASE64')
    .option(
      '--witness <key>',
      'the public key of a witness that must have cosigned (may be given again)',
      collect,
    )
    .option(
      '--new-only',
      'read only what came since the last time; what was altered in older entries goes unseen',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExits with 0 when all is as it was signed, 1 when something was altered.')
    .action(verify);
}

async function verify(file: string | undefined, flags: VerifyFlags): Promise<void> {
  if (flags.key !== undefined && parseVerifierKey(flags.key) === null)
    throw new CliError(`This is no public key: ${printable(flags.key)}`, EXIT.usage);
  for (const key of flags.witness ?? []) {
    if (parseVerifierKey(key)?.type !== COSIGNATURE)
      throw new CliError(`This is no public key of a witness: ${printable(key)}`, EXIT.usage);
  }
  const bar = progressBar();
  const result = await (file === undefined
    ? live(flags, bar.update)
    : offline(file, flags, bar.update)
  ).finally(bar.clear);
  const unseen = (flags.witness ?? []).filter(
    (wanted) => !result.witnesses.some(({ key }) => key === wanted),
  );
  const failed = result.problems.length > 0 || unseen.length > 0;
  createOutput(flags.json ?? false).result({ ...result, missingWitnesses: unseen, verified: !failed }, () =>
    describe(result, unseen, failed),
  );
  if (failed) process.exitCode = EXIT.findings;
}

async function offline(file: string, flags: VerifyFlags, progress: (done: number, total: number) => void) {
  const source = file === '-' ? process.stdin : createReadStream(file);
  try {
    const lines = linesOf(source as AsyncIterable<Uint8Array>, MAX_LINE);
    const witnesses = flags.witness === undefined ? {} : { witnesses: flags.witness };
    return await verifyExport(lines, { ...(flags.key ? { key: flags.key } : {}), ...witnesses, progress });
  } catch (error) {
    if (error instanceof ExportUnreadable) throw new CliError(`${file}: ${error.message}`);
    throw error;
  }
}

async function live(
  flags: VerifyFlags,
  progress: (done: number, total: number) => void,
): Promise<LiveResult> {
  const key = process.env.BARTIZAN_API_KEY;
  if (flags.url !== undefined && !key)
    throw new CliError('Set BARTIZAN_API_KEY to a key with the permission audit.read.', EXIT.denied);
  const session =
    flags.url === undefined ? readSession() : { url: flags.url.replace(/\/$/, ''), key: key ?? '' };
  const result = await verifyLive({
    client: clientFor(session),
    known: readRemembered(session.url),
    ...(flags.key ? { key: flags.key } : {}),
    ...(flags.witness ? { witnesses: flags.witness } : {}),
    newOnly: flags.newOnly ?? false,
    nowMs: Date.now(),
    progress,
  });
  if (result.remember) writeRemembered(session.url, result.remember);
  const { remember: _kept, ...shown } = result;
  return { ...shown, remember: null };
}

function describe(
  result: Verified & Partial<LiveResult>,
  unseen: readonly string[],
  failed: boolean,
): string {
  const lines = [
    headline(result, failed),
    `log         ${printable(result.origin)}`,
    `entries     ${result.size}${result.knownBefore ? `, of which ${result.entries} were read` : ''}`,
    `root        ${result.root}`,
    `signed      ${result.keyId ? `by key ${result.keyId}` : 'by no trusted key'}${result.signedAt ? `, ${date(result.signedAt)} UTC` : ''}`,
    ...result.witnesses.map(({ name, at }) => `witness     ${printable(name)}, ${date(at)} UTC`),
    ...unseen.map((key) => `no witness  ${printable(key.split('+', 1)[0] ?? '')} has not cosigned`),
  ];
  if (!result.pinned) lines.push(keyLine(result));
  if (result.failedBefore) {
    lines.push(
      `The verification of ${date(result.failedBefore)} UTC failed: nothing counted as verified before, every entry was read.`,
    );
  }
  const { firstAltered } = result;
  if (firstAltered) {
    const range = firstAltered.before === null ? '' : ` to ${firstAltered.before - 1}`;
    lines.push(
      '',
      `First altered: ${firstAltered.index}${range}${firstAltered.id ? ` (${firstAltered.id})` : ''}`,
    );
  }
  if (result.problems.length > 0) {
    lines.push(
      '',
      table(
        ['place', 'what', 'message'],
        result.problems.map(({ kind, index, message }) => [
          index === null ? '–' : String(index),
          kind,
          message,
        ]),
      ),
    );
  }
  return lines.join('\n');
}

function headline({ knownBefore = 0 }: Partial<LiveResult>, failed: boolean): string {
  if (failed) return 'NOT VERIFIED';
  return knownBefore === 0
    ? 'Verified'
    : `Verified what is new: ${knownBefore} older entries were NOT read again, run it without --new-only for those`;
}

const keyLine = ({ keySince }: Partial<LiveResult>): string =>
  keySince
    ? `The key is the one remembered from ${date(keySince)} UTC; give --key to trust one that you know.`
    : 'The key was taken from the log itself: give --key to trust one that you know.';

const EVERY_MS = 100;
const BAR = 24;

/** A bar on a terminal, nothing elsewhere. */
function progressBar() {
  let shownMs = 0;
  return {
    update(done: number, total: number): void {
      if (process.stderr.isTTY !== true || performance.now() - shownMs < EVERY_MS) return;
      shownMs = performance.now();
      const part = total === 0 ? 1 : Math.min(1, done / total);
      const full = Math.round(part * BAR);
      process.stderr.write(
        `\r\u001b[K[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${Math.floor(part * 100)}% ${done} of ${total} entries`,
      );
    },
    clear(): void {
      if (shownMs > 0) process.stderr.write('\r\u001b[K');
    },
  };
}

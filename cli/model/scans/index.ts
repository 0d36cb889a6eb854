import { setTimeout as sleep } from 'node:timers/promises';
import {
  FINDING_TEXTS,
  FindingId,
  FindingSeverity,
  registryRoutes,
  type ScanFinding,
  type ScanSummary,
  scanRoutes,
  type VersionScan,
} from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { duration, wholeNumber } from '../../options.ts';
import { createOutput, date, printable, table } from '../../output.ts';
import { client } from '../../session.ts';
import { namedVersion } from '../registry/named.ts';
import { severities } from '../registry/words.ts';

const LOOK_MS = 1_000;
const PAGE = 200;

async function versionId(api: Client, text: string): Promise<string> {
  return (await api.call(registryRoutes.version, { params: namedVersion(text) })).id;
}

/** As `bartizan scan`: 1 when anything was found, 2 when it could not be judged, else 0. */
export function exitOf(scan: Pick<VersionScan, 'state' | 'verdict'>): number {
  if (scan.state === 'failed') return EXIT.failed;
  if (scan.verdict === 'malicious' || scan.verdict === 'suspicious') return EXIT.findings;
  return scan.verdict === 'error' ? EXIT.failed : EXIT.ok;
}

/** Waits for a scan to end. Throws with `EXIT.waiting` when it takes longer. */
export async function waitForScan(
  api: Client,
  id: string,
  timeoutSeconds: number,
  note: (line: string) => void,
) {
  const endMs = performance.now() + timeoutSeconds * 1000;
  let said = '';
  for (;;) {
    const scan = await api.call(scanRoutes.version, { params: { id } });
    if (scan.state === 'done' || scan.state === 'failed') return scan;
    if (performance.now() > endMs) {
      throw new CliError(`the scan is not done within ${timeoutSeconds} s; it goes on`, EXIT.waiting);
    }
    const line = `${scan.state} ${scan.progress.percent} %${scan.progress.file === '' ? '' : `  ${printable(scan.progress.file)}`}`;
    if (line !== said) note(line);
    said = line;
    await sleep(LOOK_MS);
  }
}

export function human(scan: VersionScan): string {
  const found = severities(scan.severities);
  return [
    `${(scan.verdict ?? scan.state).toUpperCase()}  ${printable(scan.modelName)}@${scan.version}`,
    ...(found === '' ? [] : [`found        ${found}`]),
    ...(scan.problem === '' ? [] : [`problem      ${printable(scan.problem)}`]),
    ...(scan.quarantined ? ['quarantine   its files are not given out'] : []),
    ...(scan.difference ? [`since before ${scan.difference.added} new, ${scan.difference.gone} gone`] : []),
    `scanned      ${date(scan.endedAt)} by ${printable(scan.scanner)}`,
    ...scan.inherited
      .filter(({ verdict }) => verdict === 'malicious' || verdict === 'suspicious')
      .map((base) => `inherits     ${printable(base.modelName)}@${base.version} is ${base.verdict}`),
  ].join('\n');
}

function addScan(model: Command): void {
  model
    .command('scan <model@version>')
    .description('scan the files of a version again on the server; exits as "bartizan scan" with --wait')
    .option('--wait', 'wait until it is done')
    .option('--everything', 'read files again whose content is known')
    .option('--timeout <seconds>', 'most time to wait', wholeNumber(1, 604_800), 3_600)
    .option('--json', 'print JSON')
    .action(
      async (
        text: string,
        flags: { wait?: boolean; everything?: boolean; timeout: number; json?: boolean },
      ) => {
        const api = client();
        const output = createOutput(flags.json ?? false);
        const id = await versionId(api, text);
        const body = { everything: flags.everything ?? false };
        const queued: ScanSummary = await api.call(scanRoutes.rescan, { params: { id }, body });
        if (!flags.wait) {
          output.result(queued, () => 'Queued. Add --wait to see what comes of it.');
          return;
        }
        const scan = await waitForScan(api, id, flags.timeout, output.note);
        output.result(scan, human);
        process.exitCode = exitOf(scan);
      },
    );
}

function row(finding: ScanFinding): string[] {
  const where = `${finding.files[0] ?? ''}${finding.member === '' ? '' : `!${finding.member}`} @${finding.offset}`;
  return [
    finding.id,
    finding.severity,
    FINDING_TEXTS[finding.kind].title,
    finding.call ?? finding.import ?? finding.message,
    where,
    finding.acceptance === null ? '' : `accepted until ${date(finding.acceptance.expiresAt)}`,
  ].map((cell) => (cell.length > 120 ? `${cell.slice(0, 119)}…` : cell));
}

function addFindings(model: Command): void {
  model
    .command('findings <model@version>')
    .description('what was found in a version, the worst first')
    .addOption(new Option('--severity <severity>', 'only of this severity').choices(FindingSeverity.options))
    .option('--file <path>', 'only in this file')
    .option('--open', 'only what nobody has accepted')
    .option('--json', 'print JSON')
    .action(
      async (
        text: string,
        flags: {
          severity?: (typeof FindingSeverity.options)[number];
          file?: string;
          open?: boolean;
          json?: boolean;
        },
      ) => {
        const api = client();
        const id = await versionId(api, text);
        const items: ScanFinding[] = [];
        let cursor: string | undefined;
        do {
          const page = await api.call(scanRoutes.findings, {
            params: { id },
            query: {
              limit: PAGE,
              ...(cursor === undefined ? {} : { cursor }),
              ...(flags.severity === undefined ? {} : { severity: flags.severity }),
              ...(flags.file === undefined ? {} : { file: flags.file }),
              ...(flags.open ? { accepted: 'no' as const } : {}),
            },
          });
          items.push(...page.items);
          cursor = page.next ?? undefined;
        } while (cursor !== undefined);
        createOutput(flags.json ?? false).result(items, (all) =>
          table(['id', 'severity', 'what', 'call', 'where', ''], all.map(row)),
        );
      },
    );
}

const SHORTEST_PREFIX = 6;

/** The finding whose id begins like this. Throws for none, several, or a beginning of under 6 characters. */
async function findingId(api: Client, id: string, given: string): Promise<string> {
  if (FindingId.safeParse(given).success) return given;
  const prefix = given.toLowerCase();
  if (prefix.length < SHORTEST_PREFIX) {
    throw new CliError('give the id of the finding, or at least its first 6 characters', EXIT.usage);
  }
  const fits = new Set<string>();
  let cursor: string | undefined;
  do {
    const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await api.call(scanRoutes.findings, { params: { id }, query });
    for (const one of page.items) if (one.id.toLowerCase().startsWith(prefix)) fits.add(one.id);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  const [found] = fits;
  if (fits.size > 1) {
    throw new CliError(
      `${fits.size} findings begin with "${printable(given)}"; give more of the id`,
      EXIT.usage,
    );
  }
  if (found === undefined) {
    throw new CliError(
      `no finding of this version begins with "${printable(given)}"; "bartizan model findings" lists them`,
    );
  }
  return found;
}

function addAccept(model: Command): void {
  model
    .command('accept <model@version> <finding>')
    .description('accept a finding with a reason, for a while: it then keeps nobody from downloading')
    .requiredOption('--reason <text>', 'why, for the audit log (10 to 1,000 characters)')
    .option('--for <time>', 'for how long, at most a year, e.g. 30d', duration, duration('30d'))
    .option('--json', 'print JSON')
    .action(async (text: string, finding: string, flags: { reason: string; for: number; json?: boolean }) => {
      const api = client();
      const id = await versionId(api, text);
      const accepted = await api.call(scanRoutes.accept, {
        params: { id, finding: await findingId(api, id, finding) },
        body: { reason: flags.reason, expiresAt: Date.now() + flags.for },
      });
      createOutput(flags.json ?? false).result(
        accepted,
        (one) => `Accepted until ${date(one.acceptance?.expiresAt ?? null)}.`,
      );
    });
  model
    .command('withdraw <model@version> <finding>')
    .description('end the acceptance of a finding: it counts again at once')
    .option('--json', 'print JSON')
    .action(async (text: string, finding: string, flags: { json?: boolean }) => {
      const api = client();
      const id = await versionId(api, text);
      const found = await api.call(scanRoutes.withdraw, {
        params: { id, finding: await findingId(api, id, finding) },
      });
      createOutput(flags.json ?? false).result(found, () => 'It counts again.');
    });
}

/** `bartizan model scan`, `findings`, `accept` and `withdraw`. */
export function addScans(model: Command): void {
  for (const add of [addScan, addFindings, addAccept]) add(model);
}

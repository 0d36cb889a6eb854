/**
 * The injection detector on labelled texts: `npm run -s bench:injection -- --data DIR [--json] [--dev] [--peers]
 * [--model DIR | --rules]`, and attacked: `--adaptive --data DIR [--tries 200] [--attacks 200] [--seed 1] [--limit-s 1800] [--json]`.
 *
 * DIR holds `*.jsonl` of `{"text","label"}` (1: injection) with, where known, `origin` (`user`, else `third_party`),
 * `source`, `lang`, `kind`, `obfuscation`, `carrier`; each file is a set. With `--dev` it is a folder of training
 * corpora (more than one may be given), of which the held-out rows are judged, a set for each source.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { holdsModel } from '@bartizan/checks/text/injection/model/load.ts';
import { InjectionModelError } from '@bartizan/checks/text/injection/model/manifest.ts';
import { MODEL_FOLDER } from '@bartizan/checks/text/injection/model/open.ts';
import { prompt } from '../checks/prompts.ts';
import { adaptiveRun } from './adaptive/run.ts';
import { adaptiveTables } from './adaptive/table.ts';
import type { OwnJudge, TimedJudge } from './judge.ts';
import { openJudge, rulesJudge } from './judge.ts';
import { measure } from './measure.ts';
import { withPeers } from './peers/index.ts';
import type { Measured } from './report.ts';
import { costTable, reportOf, sideBySide, stagesTable, tablesOf, timesTable } from './report.ts';
import { BadRowError } from './rows.ts';
import type { Sets } from './sets.ts';
import { devSets, fileSets, NoDataError } from './sets.ts';
import type { Survey } from './survey.ts';
import { surveyOf } from './survey.ts';
import { costOf, latencies } from './times.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', multiple: true },
    model: { type: 'string' },
    rules: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    dev: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    unlicensed: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    adaptive: { type: 'boolean', default: false },
    tries: { type: 'string', default: '200' },
    attacks: { type: 'string', default: '200' },
    'limit-s': { type: 'string', default: '1800' },
  },
});

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Says every few seconds how far it is. */
function progressOf(total: number): (done: number) => void {
  const from = performance.now();
  let last = from;
  return (done) => {
    const now = performance.now();
    if (now - last < 5_000 && done < total) return;
    last = now;
    note(`${done} of ${total} texts, ${Math.round(done / ((now - from) / 1_000))} a second`);
  };
}

function dataOf() {
  const [folder, ...more] = (flags.data ?? []).map((path) => resolve(path));
  if (folder === undefined) throw new NoDataError('--data DIR is missing: a folder of *.jsonl');
  if (flags.dev) return devSets([folder, ...more], { unlicensed: flags.unlicensed });
  if (more.length > 0) throw new NoDataError('more than one --data needs --dev');
  return fileSets(folder);
}

async function judgeOf(): Promise<OwnJudge> {
  if (flags.rules) return rulesJudge();
  const folder = flags.model === undefined ? MODEL_FOLDER : resolve(flags.model);
  if (holdsModel(folder)) return openJudge(folder);
  if (flags.model !== undefined) throw new NoDataError(`${folder} holds no model`);
  note(`no model in ${folder}: the rules alone are measured`);
  return rulesJudge();
}

/** A whole number that a flag gives. */
function numberOf(flag: 'seed' | 'tries' | 'attacks' | 'limit-s', least: number): number {
  const value = Number(flags[flag]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new NoDataError(`--${flag} must be a whole number of at least ${least}, not "${flags[flag]}"`);
}

/** Blocked ones are drawn from so many times as many attacks. */
const DRAWN = 20;

async function attacked(judge: OwnJudge, { harmless, attacks }: Survey): Promise<void> {
  if (attacks.length === 0) throw new NoDataError('there are no attacks to mutate');
  const texts = harmless.map(({ text }) => text).filter((text) => text.length >= 40);
  const report = await adaptiveRun(judge, attacks, {
    tries: numberOf('tries', 1),
    attacks: numberOf('attacks', 1),
    seed: numberOf('seed', 0),
    limitMs: 1_000 * numberOf('limit-s', 1),
    harmless: texts.length > 0 ? texts : Array.from({ length: 50 }, (_, i) => prompt(400, i)),
    progress: (done, survived) => note(`${done} attacks done, ${survived} survived`),
  });
  process.stdout.write(`${flags.json ? JSON.stringify(report) : adaptiveTables(report)}\n`);
}

async function measured(judge: TimedJudge, sets: Sets, { rows, harmless }: Survey): Promise<Measured> {
  note(`${judge.name}: ${rows} texts`);
  const times = await latencies(judge, harmless);
  const cost = flags.json ? null : await costOf(judge, harmless);
  return { times, cost, outcome: await measure(judge, sets, { progress: progressOf(rows) }) };
}

const describe = ({ outcome, times, cost }: Measured): string =>
  [tablesOf(outcome), stagesTable(outcome), timesTable(times), costTable(cost)].join('\n\n');

async function compared(own: OwnJudge, sets: Sets, survey: Survey): Promise<void> {
  const ours = await measured(own, sets, survey);
  const others: Measured[] = [];
  const skipped = flags.peers
    ? await withPeers(async (peer) => {
        others.push(await measured(peer, sets, survey));
      })
    : {};
  for (const [name, why] of Object.entries(skipped)) note(`not measured: ${name}: ${why}`);
  if (flags.json) {
    const peers = others.map(({ outcome, times }) => ({
      detector: outcome.judge.name,
      ...reportOf(outcome, times),
    }));
    const report = reportOf(ours.outcome, ours.times);
    process.stdout.write(`${JSON.stringify(flags.peers ? { ...report, peers } : report)}\n`);
    return;
  }
  const parts = [ours, ...others].map(describe);
  if (flags.peers) parts.unshift(sideBySide([ours, ...others]));
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

async function run(): Promise<void> {
  const sets = dataOf();
  const survey = await surveyOf(sets, {
    seed: numberOf('seed', 0),
    attacks: flags.adaptive ? DRAWN * numberOf('attacks', 1) : 0,
  });
  if (survey.rows === 0) throw new NoDataError('there are no rows to judge');
  const judge = await judgeOf();
  try {
    await (flags.adaptive ? attacked(judge, survey) : compared(judge, sets, survey));
  } finally {
    await judge.close();
  }
}

try {
  await run();
} catch (error) {
  const expected = [BadRowError, NoDataError, InjectionModelError].some((kind) => error instanceof kind);
  note(expected ? (error as Error).message : String((error as Error).stack));
  process.exitCode = 1;
}

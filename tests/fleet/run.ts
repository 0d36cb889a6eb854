import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../fault/kill.ts';
import { TOKENS_EACH } from './outside.ts';
import {
  arrived,
  BUDGET,
  boundWithoutRedis,
  budgetSlack,
  changeSpreads,
  compare,
  everyoneCurrent,
  killing,
  LIMIT,
  leaderFallsOver,
  mostWithin,
  openScene,
  redisMember,
  SPAN_MS,
  startLoad,
} from './rounds.ts';

/** `npm run test:fleet -- [rounds] [seed]`: the whole set, 20 rounds of each kind unless told otherwise. */
const rounds = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
console.log(`${rounds} rounds of each kind, seed ${seed}`);
const random = seeded(seed);
const scene = await openScene(console.log);
const figures: Record<string, unknown> = { seed, rounds };
let good = true;
const claim = (what: string, value: unknown, holds: boolean): void => {
  figures[what] = value;
  if (holds) return;
  good = false;
  console.log(`NOT HELD: ${what}`);
};
/** So that what arrived before falls out of every span that is looked at next. */
const WINDOW_MS = 70_000;

try {
  await everyoneCurrent(scene);
  const changes: number[] = [];
  for (let index = 0; index < 20; index++) {
    changes.push(Math.round(await changeSpreads(scene, index % 2 === 0 ? 0 : 1, `change-${index}`)));
  }
  changes.sort((a, b) => a - b);
  claim(
    'a change reaches all gateways within, ms (median, worst)',
    [changes[10], changes[19]],
    (changes[10] ?? 0) < 2_000,
  );
  const leader = Math.round(await leaderFallsOver(scene));
  claim('another leads after, ms', leader, leader < 15_000);

  const load = startLoad(scene.fleet, scene.key, random);
  const { gateways, servers } = scene.fleet;
  const from = (at: number) => arrived(scene, 'limited').filter((time) => time >= at - SPAN_MS);
  scene.outside.setSiem(false);
  const first = Date.now();
  await killing(scene, [...gateways, ...servers], { rounds, random, load });
  const kept = mostWithin(from(first));
  claim('most in 58 s while gateways and servers are killed', `${kept} of ${LIMIT}`, kept <= LIMIT);
  scene.outside.setSiem(true);

  await sleep(WINDOW_MS);
  const second = Date.now();
  await killing(scene, [redisMember(scene.fleet)], { rounds, random, load });
  const away = mostWithin(from(second));
  claim(
    'most in 58 s while Redis is killed',
    `${away}, at most ${boundWithoutRedis}`,
    away <= boundWithoutRedis,
  );

  await sleep(WINDOW_MS);
  const third = Date.now();
  await killing(scene, [...gateways, ...servers, redisMember(scene.fleet)], { rounds, random, load });
  const all = mostWithin(from(third));
  // A gateway that is killed takes with it what it admitted, where Redis forgets within the same minute.
  claim(
    'most in 58 s while anything is killed',
    `${all}, at most ${2 * boundWithoutRedis}`,
    all <= 2 * boundWithoutRedis,
  );
  await load.stop();

  const tokens = arrived(scene, 'budget').length * TOKENS_EACH;
  const most = BUDGET + budgetSlack(2 * rounds);
  claim('tokens of a budget', `${tokens} of ${BUDGET}, at most ${most}`, tokens <= most);
  const { told, lost, duplicates, notSent } = await compare(scene, load);
  claim('answered', told, told > 0);
  claim('lost', lost.length, lost.length === 0);
  claim('stored twice', duplicates.length, duplicates.length === 0);
  claim('never sent to the SIEM', notSent.length, notSent.length === 0);
} finally {
  await scene.close();
}
console.log(JSON.stringify(figures, null, 2));
process.exit(good ? 0 : 1);

import { killRounds, seeded } from './kill.ts';

/** `npm run test:fault -- [rounds] [seed]`: the whole set, 60 rounds unless told otherwise. */
const rounds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
console.log(`${rounds} rounds, seed ${seed}`);
const report = await killRounds(rounds, seeded(seed), console.log);
console.log(
  JSON.stringify(
    {
      seed,
      ...report,
      lost: report.lost.length,
      wrongVerdict: report.wrongVerdict.length,
      duplicates: report.duplicates.length,
    },
    null,
    2,
  ),
);
process.exit(report.lost.length + report.wrongVerdict.length + report.duplicates.length === 0 ? 0 : 1);

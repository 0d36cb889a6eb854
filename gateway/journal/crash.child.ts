import { openJournal } from './journal.ts';
import { silentLog, testMaster, testRecord } from './testing.ts';

/** Child of the crash test: appends without end and prints the id of every record once it is acknowledged. */
const [directory = '', burst = '7'] = process.argv.slice(2);
const journal = await openJournal({
  directory,
  master: testMaster,
  log: silentLog,
  segmentBytes: 256 * 1024,
});
process.stdout.write('ready\n');
const started = Date.now();
while (Date.now() - started < 20_000) {
  await Promise.all(
    Array.from({ length: Number(burst) }, async () => {
      const record = testRecord();
      await journal.append(record);
      process.stdout.write(`${record.id}\n`);
    }),
  );
}

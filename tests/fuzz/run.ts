import { seeded } from '../fault/kill.ts';
import { fuzzGateway } from './gateway.ts';

/** `npm run test:fuzz -- [requests] [seed]`: one million unless told otherwise. */
const requests = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
console.log(`${requests} requests, seed ${seed}`);
const report = await fuzzGateway(requests, seeded(seed), console.log);
console.log(JSON.stringify({ seed, ...report }, null, 2));
process.exit(report.faults.length === 0 ? 0 : 1);

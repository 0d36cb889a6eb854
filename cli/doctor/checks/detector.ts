import { GatewayAbout } from '@bartizan/contracts';
import { type Check, ok, skipped, warn } from '../types.ts';
import { onTable } from './looking.ts';

/** A gateway not heard of for so long is no matter of its model. */
const ALIVE_MS = 120_000;

interface Wanted {
  readonly name: string;
  readonly sha256: string | null;
  readonly builtIn: boolean;
}

/** Says of each process that does not run what it should why not. */
function trouble(about: GatewayAbout, wanted: Wanted | null): string | null {
  const { detector, host, gateway } = about;
  const who = `${host || gateway}`;
  if (detector === undefined) return wanted === null ? null : `${who} does not say which model it runs`;
  if (detector.failed !== null)
    return `${who} could not switch and runs ${detector.model}: ${detector.failed}`;
  const digest = wanted === null || wanted.builtIn ? null : wanted.sha256;
  if ((detector.sha256 ?? null) === digest) return null;
  return `${who} still runs ${detector.model}${detector.sha256 ? ` (${detector.sha256.slice(0, 12)})` : ''}`;
}

const switched: Check = {
  id: 'detector.gateways',
  title: 'Injection detector',
  run: onTable('detector_switches', async (database, { nowMs }) => {
    const { rows } = await database.query<Wanted>(
      'select model as name, sha256, built_in as "builtIn" from detector_switches order by number desc limit 1',
    );
    const wanted = rows[0] ?? null;
    const { rows: gateways } = await database.query<{ about: unknown }>(
      'select about from gateways where last_seen_at > $1::bigint and about is not null',
      [nowMs() - ALIVE_MS],
    );
    const said = gateways.flatMap(({ about }) => GatewayAbout.safeParse(about).data ?? []);
    const name = wanted === null || wanted.builtIn ? 'the product’s own model' : wanted.name;
    if (said.length === 0) return skipped(`${name} is live; no gateway has been heard of`);
    const late = [...new Set(said.flatMap((about) => trouble(about, wanted) ?? []))];
    return late.length === 0
      ? ok(`${name} is live, on ${said.length} gateway process(es)`)
      : warn(
          `${name} is live, but ${late.join('; ')}`,
          'A gateway tries again every 30 s and its log says why. One with BARTIZAN_INJECTION_MODEL=none keeps to its rules.',
        );
  }),
};

export const detectorChecks: readonly Check[] = [switched];

import type { InteractionSummary } from '@bartizan/contracts';
import { listOf } from '../app/search.ts';

/** The filter of the list as it stands in the URL. */
export interface ListSearch {
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly endpoint?: string;
  readonly key?: string;
  readonly user?: string;
  readonly verdict?: string;
  readonly outcome?: string;
  readonly check?: string;
  readonly text?: string;
  readonly live?: string;
}

export const PERIODS: readonly { readonly value: string; readonly label: string; readonly ms: number }[] = [
  { value: '15m', label: 'Last 15 minutes', ms: 900_000 },
  { value: '1h', label: 'Last hour', ms: 3_600_000 },
  { value: '24h', label: 'Last 24 hours', ms: 86_400_000 },
  { value: '7d', label: 'Last 7 days', ms: 7 * 86_400_000 },
  { value: '30d', label: 'Last 30 days', ms: 30 * 86_400_000 },
];

/** What the API is asked for. `now` is taken when the list is fetched, so that "last hour" moves with the clock. */
export function toQuery(search: ListSearch, now: number) {
  const period = PERIODS.find((each) => each.value === search.last);
  return {
    from: search.from ? Number(search.from) : period ? now - period.ms : undefined,
    to: search.to ? Number(search.to) : undefined,
    endpoint: search.endpoint,
    key: search.key,
    user: search.user,
    verdict: search.verdict,
    outcome: search.outcome,
    check: search.check,
    text: search.text,
  };
}

/**
 * Whether an interaction that just arrived belongs into the list. A text filter cannot be judged here, since the
 * summary holds only the first words: `unknown` asks for a new fetch.
 */
export function matches(search: ListSearch, interaction: InteractionSummary): boolean | 'unknown' {
  const one = (wanted: string | undefined, value: string | null): boolean =>
    !wanted || (value !== null && listOf(wanted).includes(value));
  const checks = listOf(search.check);
  const fits =
    one(search.endpoint, interaction.endpointId) &&
    one(search.key, interaction.keyId) &&
    one(search.verdict, interaction.verdict) &&
    one(search.outcome, interaction.outcome) &&
    (!search.user || search.user === interaction.user) &&
    (checks.length === 0 || checks.some((check) => interaction.checks.includes(check))) &&
    (!search.from || interaction.at >= Number(search.from)) &&
    (!search.to || interaction.at <= Number(search.to));
  if (!fits) return false;
  return search.text ? 'unknown' : true;
}

export const isFiltered = (search: ListSearch): boolean =>
  Object.entries(search).some(([name, value]) => name !== 'live' && Boolean(value));

import type { Rows } from './ask.ts';
import { handicapOf, handicapped, textOf } from './candidate.ts';
import type { Handicaps } from './manifest.ts';
import { ORIGINS } from './manifest.ts';
import type { LinearReading } from './read.ts';

type Source = 'window' | keyof Handicaps;

/** Highest logits over the candidates of each sort; null where there is none, or the encoder has no say. */
export type HighestLogits = Readonly<
  Record<Source, { readonly linear: number | null; readonly encoder: number | null }>
>;

/** Over what was chosen to be read; `rows` is null where the encoder has no say. */
export function highestOf(
  { chosen, highest, origin }: LinearReading,
  rows: Rows | null,
  handicaps: Handicaps,
): HighestLogits {
  const column = ORIGINS.indexOf(origin);
  const most = (of: number | null, logit: number | undefined): number | null =>
    logit === undefined || (of !== null && of >= logit) ? of : logit;
  const found = {
    window: { linear: null, encoder: null },
    piece: { linear: null, encoder: null },
    respelled: { linear: null, encoder: null },
  } as Record<Source, { linear: number | null; encoder: number | null }>;
  for (const candidate of highest === null ? chosen : [...chosen, highest]) {
    const of = found[handicapped(candidate) ?? 'window'];
    of.linear = most(of.linear, candidate.logit + handicapOf(candidate, handicaps).linear);
    of.encoder = most(of.encoder, rows?.get(textOf(candidate))?.[column]);
  }
  return found;
}

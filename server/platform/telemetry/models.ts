import { SERVER_METRICS as M, type Meter } from '@bartizan/contracts/telemetry/index.ts';

export interface ModelCounts {
  readonly models: number;
  /** By the verdict of their files; `unscanned` where there is none. */
  readonly versions: Readonly<Record<'clean' | 'suspicious' | 'malicious' | 'error' | 'unscanned', number>>;
  readonly quarantined: number;
}

/** One look at the registry serves all metrics of a scrape. */
const FRESH_MS = 1_000;

/** What the registry of this instance holds. */
export function watchModels(meter: Meter, registry: { readonly counts: () => Promise<ModelCounts> }): void {
  let seen: { readonly at: number; readonly counts: Promise<ModelCounts> } | null = null;
  const look = (): Promise<ModelCounts> => {
    const nowMs = performance.now();
    if (seen === null || nowMs - seen.at > FRESH_MS) seen = { at: nowMs, counts: registry.counts() };
    return seen.counts;
  };
  meter.watch(M.models, async () => [{ labels: [], value: (await look()).models }]);
  meter.watch(M.modelVersions, async () =>
    Object.entries((await look()).versions).map(([verdict, value]) => ({ labels: [verdict], value })),
  );
  meter.watch(M.modelsQuarantined, async () => [{ labels: [], value: (await look()).quarantined }]);
}

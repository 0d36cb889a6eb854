import type { SeverityCounts, VersionBase, VersionDetail, VersionSummary } from '@bartizan/contracts';

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `2 critical, 1 low`; worst first, empty when there is nothing. */
export function severities(counts: SeverityCounts): string {
  const order = ['critical', 'high', 'medium', 'low', 'info'] as const;
  return order.flatMap((name) => (counts[name] > 0 ? [`${counts[name]} ${name}`] : [])).join(', ');
}

export function verdict({ scan }: Pick<VersionSummary, 'scan'>): string {
  const said = scan.verdict ?? (scan.state === null ? 'not scanned' : `scan ${scan.state}`);
  return scan.quarantined ? `${said}, in quarantine` : said;
}

export function base(from: VersionBase): string {
  if (from.kind === 'external') return from.digest === null ? from.name : `${from.name} (${from.digest})`;
  const name = from.modelId === null ? 'a model that you cannot see' : `${from.modelName}@${from.version}`;
  const notes = [
    from.removed ? 'removed' : [],
    from.verdict ?? [],
    from.quarantined ? 'in quarantine' : [],
  ].flat();
  return notes.length === 0 ? name : `${name} (${notes.join(', ')})`;
}

export function inherited(one: VersionDetail['inherited'][number]): string {
  const name = one.modelId === null ? 'a model that you cannot see' : `${one.modelName}@${one.version}`;
  const found = severities(one.severities);
  const steps = one.distance === 1 ? 'its base' : `${one.distance} steps up`;
  const what = [
    one.verdict ?? 'unjudged',
    ...(one.quarantined ? ['in quarantine'] : []),
    ...(found ? [found] : []),
  ];
  return `${name} (${steps}): ${what.join(', ')}`;
}

/** The order in which upstreams are tried. Lower `priority` goes first; equal ones share traffic by weight. */

interface Ranked {
  readonly priority: number;
}

export const byPriority = <T extends Ranked>(upstreams: readonly T[]): T[] =>
  upstreams.toSorted((a, b) => a.priority - b.priority);

/**
 * Moves the upstream at `index` one place up (`step` -1) or down (+1) in a list ordered by priority. Two neighbours of
 * different priority trade places; of equal priority, the upper one becomes the first choice and the lower one its
 * fallback. The result is ordered by priority.
 */
export function moveUpstream<T extends Ranked>(upstreams: readonly T[], index: number, step: -1 | 1): T[] {
  const other = index + step;
  const moved = upstreams[index];
  const passed = upstreams[other];
  if (moved === undefined || passed === undefined) return [...upstreams];
  const upper = step === -1 ? moved : passed;
  const lower = step === -1 ? passed : moved;
  const at = Math.min(index, other);
  const before = upstreams.slice(0, at);
  const after = upstreams.slice(at + 2);
  if (moved.priority !== passed.priority) {
    const low = Math.min(moved.priority, passed.priority);
    const high = Math.max(moved.priority, passed.priority);
    return [...before, { ...upper, priority: low }, { ...lower, priority: high }, ...after];
  }
  return [
    ...before,
    upper,
    { ...lower, priority: lower.priority + 1 },
    ...after.map((each) => ({ ...each, priority: each.priority + 1 })),
  ];
}

/** "First choice", "Shares first choice, 2 of 3 parts", "Fallback 1". */
export function turnInWords(
  upstreams: readonly (Ranked & { readonly weight: number })[],
  index: number,
): string {
  const own = upstreams[index];
  if (own === undefined) return '';
  const turns = [...new Set(upstreams.map((each) => each.priority))].sort((a, b) => a - b);
  const turn = turns.indexOf(own.priority);
  const peers = upstreams.filter((each) => each.priority === own.priority);
  const name = turn === 0 ? 'first choice' : `fallback ${turn}`;
  if (peers.length === 1) return name.charAt(0).toUpperCase() + name.slice(1);
  const parts = peers.reduce((sum, each) => sum + each.weight, 0);
  return `Shares ${name}: ${own.weight} of ${parts} requests`;
}

import type { Database } from '../../../platform/database/types.ts';
import type { LifecycleDeps } from '../../ports.ts';
import { plainLine } from '../scans/masking.ts';
import type { StoredVersion } from './model.ts';
import type { VerificationEnd } from './verifications-store.ts';

/**
 * Raises an alarm where a verification found changes, in its transaction, and ends it where a later one finds none. What
 * it gives back tells the rest of the process, once the transaction is through.
 */
export async function alarmOfAltered(
  { alarm, clearAlarm }: Pick<LifecycleDeps, 'alarm' | 'clearAlarm'>,
  { id, dataset, number }: StoredVersion,
  { state, counts }: Pick<VerificationEnd, 'state' | 'counts'>,
  tx: Database,
): Promise<() => void> {
  const about = { kind: 'data-altered', subject: `dataset-version:${id}` } as const;
  const none = (): void => {};
  if (state === 'error') return none;
  const isIntact = state === 'intact';
  const note = isIntact
    ? 'A later verification found nothing altered.'
    : 'A newer verification says it again.';
  await clearAlarm({ ...about, note }, tx);
  if (isIntact) return none;
  const kinds = Object.keys(counts).length;
  const summary = `Version ${number} of the dataset “${plainLine(dataset, 100)}” was altered where it is stored (${kinds} ${kinds === 1 ? 'kind' : 'kinds'} of change): see Integrity and origin`;
  return await alarm({ ...about, severity: 'critical', summary }, tx);
}

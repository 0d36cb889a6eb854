import { type HeldFact, heldFacts } from '../datasets/held.ts';
import type { StoredSource } from './store.ts';

/** What the audit log holds of a source from then on, from which its row is checked: everything that is said of it. */
export function sourceFacts(
  source: Omit<StoredSource, 'datasets' | 'records'>,
): Readonly<Record<string, HeldFact>> {
  return heldFacts({
    name: source.name,
    teamId: source.teamId,
    owner: source.owner,
    method: source.method,
    url: source.url,
    license: source.license,
    consent: source.consent,
    contact: source.contact,
    description: source.description,
    trust: source.trust,
    reviewedBy: source.reviewedBy,
    reviewedAt: source.reviewedAt,
    createdById: source.createdById,
    createdBy: source.createdBy,
    createdAt: source.createdAt,
  });
}

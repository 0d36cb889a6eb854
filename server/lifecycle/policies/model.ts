import type { AnyTextCheck } from '@bartizan/checks';
import { validatePolicy } from '@bartizan/checks';
import type { PolicyDetail, PolicyDocument, PolicySummary, PolicyVersion } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import type { PolicyRow, VersionRow } from './store.ts';

/** Refuses a document that the checks do not understand, saying where and what to do. */
export function requireValid(document: PolicyDocument, checks: readonly AnyTextCheck[]): void {
  const found = validatePolicy(document, checks);
  if (found.length === 0) return;
  throw new AppError('invalid_input', 'the policy cannot be used as it is', {
    hint: 'Correct the settings named in `issues` and save again.',
    issues: found.map(({ path, message }) => ({ path: `document.${path}`, message })),
  });
}

export function toSummary(row: PolicyRow, endpointIds: readonly string[]): PolicySummary {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    activeVersion: row.activeVersion,
    latestVersion: row.latestVersion,
    mode: row.document.mode,
    ruleCount: row.document.rules.length,
    endpointIds: [...endpointIds],
    updatedAt: row.updatedAt,
  };
}

export function toDetail(
  row: PolicyRow,
  versions: readonly VersionRow[],
  endpointIds: readonly string[],
): PolicyDetail {
  return {
    ...toSummary(row, endpointIds),
    document: row.document,
    versions: versions.map(
      (version): PolicyVersion => ({ ...version, active: version.version === row.activeVersion }),
    ),
  };
}

export const noSuchPolicy = (): AppError =>
  new AppError('not_found', 'there is no such policy', { hint: 'List the policies to see their ids.' });

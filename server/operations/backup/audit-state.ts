import type pg from 'pg';
import type { AuditState } from './content.ts';
import type { OwnNames } from './names.ts';

/** The audit log's own word of where it stands, in the caller's snapshot; null where there is no tree yet. */
export async function readAuditState(_client: pg.ClientBase, _own: OwnNames): Promise<AuditState | null> {
  return null;
}

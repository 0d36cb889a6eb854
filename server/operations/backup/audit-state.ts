import type pg from 'pg';
import type { AuditState } from './content.ts';

/**
 * The audit log's own word of where it stands, in the caller's snapshot; null where it has no tree yet. The tree's
 * leaves and tiles are rows of the backup like all others, so that the same root means the same log.
 */
export async function readAuditState(client: pg.ClientBase): Promise<AuditState | null> {
  const { rows: found } = await client.query<{ there: boolean }>(
    "select to_regclass('audit_tree') is not null as there",
  );
  if (!found[0]?.there) return null;
  const { rows } = await client.query<{ size: string; root: Buffer; checkpoint: string }>(
    'select size::text as size, root, checkpoint from audit_tree',
  );
  const [head] = rows;
  if (head === undefined) return null;
  return { size: Number(head.size), root: head.root.toString('base64'), checkpoint: head.checkpoint };
}

import { expect, test } from 'vitest';
import { allMigrations } from './migrations.ts';
import { withTestDatabase } from './platform/database/testing.ts';
import { referrersOf } from './platform/objects/garbage.ts';

/** Columns that keep no content, and why. */
const KEEP_NOTHING: Readonly<Record<string, string>> = {
  'objects.sha256': 'the content itself',
  'content_findings.sha256': 'what was found outlives the content',
  'content_scans.sha256': 'the verdict outlives the content',
  'content_scan_requests.sha256': 'asks for a scan; content that is gone needs none',
  'finding_acceptances.sha256': 'what was accepted outlives the content',
  'detector_switches.sha256': 'a manifest, which is no content; the files of its model keep themselves',
  'content_weights.sha256': 'what was measured outlives the content',
  'version_contents.sha256': 'the files of the version keep it',
  'version_groups.sha256': 'the files of the version keep it',
  'signing_bundles.sha256': 'the bundle is in the row',
};

test('whatever table names content by its sha256 keeps it, but those that are known to say only something about it', async () => {
  const open = await withTestDatabase(allMigrations);
  try {
    const kept = (await referrersOf(open.database)).map(({ relation, field }) => `${relation}.${field}`);
    const { rows } = await open.pool.query<{ place: string }>(
      `select table_name || '.' || column_name as place from information_schema.columns
       where table_schema = 'public' and column_name = 'sha256' order by 1`,
    );
    const missing = rows.map(({ place }) => place).filter((place) => !kept.includes(place));
    expect(missing.filter((place) => !(place in KEEP_NOTHING))).toEqual([]);
    expect(kept).toEqual(expect.arrayContaining(['model_version_files.sha256', 'upload_files.sha256']));
  } finally {
    await open.close();
  }
});

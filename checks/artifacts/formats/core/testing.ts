import { fileReport } from '../../report/json.ts';
import { scanArtifact } from '../../scan.ts';
import { bytesSource } from '../../source/bytes.ts';
import type { ArtifactVerdict, ScanOutcome } from '../../types.ts';

/** What the whole scanner makes of `content`, for tests. */
export async function scanned(
  content: Uint8Array | string,
): Promise<ScanOutcome & { verdict: ArtifactVerdict; messages: string[] }> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const outcome = await scanArtifact(bytesSource(bytes));
  return {
    ...outcome,
    verdict: fileReport('', outcome).verdict,
    messages: [...outcome.findings, ...outcome.errors].map(({ message }) => message),
  };
}

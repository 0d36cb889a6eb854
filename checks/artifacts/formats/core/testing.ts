import { scanArtifact } from '../../scan.ts';
import { bytesSource } from '../../source/bytes.ts';
import type { ArtifactVerdict, ScanOutcome } from '../../types.ts';
import { verdictOf } from '../../verdict.ts';

/** What the whole scanner makes of `content`, for tests. */
export async function scanned(
  content: Uint8Array | string,
): Promise<ScanOutcome & { verdict: ArtifactVerdict; messages: string[] }> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const outcome = await scanArtifact(bytesSource(bytes));
  return {
    ...outcome,
    verdict: verdictOf(outcome),
    messages: [...outcome.findings, ...outcome.errors].map(({ message }) => message),
  };
}

import { bytesSource } from '../../source/bytes.ts';
import { type ArtifactInput, type ByteSource, DEFAULT_LIMITS, type ScanContext } from '../../types.ts';

/** A context for samples and tests of one check: what a container holds is not looked at. */
export function sampleContext(limits: Partial<ScanContext['limits']> = {}): ScanContext {
  return {
    path: '',
    depth: 0,
    limits: { ...DEFAULT_LIMITS, ...limits },
    budget: { entries: 0, expandedBytes: 0, opcodes: 0, findings: 0 },
    checkpoint: () => {},
    scanMember: async () => ({ format: 'unknown', findings: [], errors: [], skipped: [] }),
  };
}

export function sampleInput(content: Uint8Array | string): ArtifactInput {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { source: bytesSource(bytes) as ByteSource, context: sampleContext() };
}

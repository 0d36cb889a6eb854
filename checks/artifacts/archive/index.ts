import { z } from 'zod';
import { probe } from '../source/bytes.ts';
import type { ArtifactInput, Probe, Recognition, ScanOutcome } from '../types.ts';
import { defineArtifactCheck } from '../types.ts';
import { compressionOf, judgeCompressed } from './compressed.ts';
import { ARCHIVE_CHECK } from './names.ts';
import { ARCHIVE_SAMPLES } from './samples.ts';
import { isTarHeader, judgeTar } from './tar.ts';
import { judgeZip } from './zip.ts';

const hasZipMark = ({ head }: Probe): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5 || head[2] === 7);

/** An end record anywhere near the end: readers find a zip behind any other content. */
function hasZipEnd({ tail }: Probe): boolean {
  for (let at = tail.lastIndexOf(0x50); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(0x50, at - 1)) {
    if (tail[at + 1] === 0x4b && tail[at + 2] === 5 && tail[at + 3] === 6 && at + 22 <= tail.length)
      return true;
  }
  return false;
}

function recognise(seen: Probe): Recognition {
  if (hasZipMark(seen) || hasZipEnd(seen) || isTarHeader(seen.head)) return 'yes';
  const compression = compressionOf(seen);
  if (compression === undefined) return 'no';
  return compression === 'zlib' ? 'maybe' : 'yes';
}

async function judge(input: ArtifactInput): Promise<ScanOutcome> {
  const seen = await probe(input.source);
  if (hasZipMark(seen) || hasZipEnd(seen)) return judgeZip(input);
  if (isTarHeader(seen.head)) return judgeTar(input);
  const compression = compressionOf(seen);
  return compression === undefined
    ? {
        format: 'unknown',
        findings: [],
        errors: [],
        skipped: [{ reason: 'no archive', path: input.context.path }],
      }
    : judgeCompressed(input, compression);
}

/** Opens what other files hold, and tells where two readers of the same archive would see different things. */
export const archiveCheck = defineArtifactCheck({
  id: ARCHIVE_CHECK,
  title: 'Archive',
  description:
    'Opens zip, tar and compressed files by their content and judges what they hold. Reads zips both ways, and reports entries that only some readers see, that lead out of their folder, or that are built to exhaust whoever opens them.',
  maps: [
    { framework: 'ATLAS', edition: '5.6.0', id: 'AML.T0011.000', name: 'Unsafe AI Artifacts' },
    { framework: 'OWASP-LLM', edition: '2025', id: 'LLM03', name: 'Supply Chain' },
  ],
  config: z.object({}),
  samples: ARCHIVE_SAMPLES,
  recognise,
  judge,
});

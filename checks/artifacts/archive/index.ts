import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../maps.ts';
import { probe } from '../source/bytes.ts';
import type { ArtifactInput, Probe, Recognition, ScanOutcome } from '../types.ts';
import { defineArtifactCheck } from '../types.ts';
import { compressionOf, isDoubtful, judgeCompressed } from './compressed.ts';
import { ARCHIVE_CHECK } from './names.ts';
import { ARCHIVE_SAMPLES } from './samples.ts';
import { judgeSevenZip } from './seven-zip.ts';
import { isTarHeader, judgeTar } from './tar.ts';
import { judgeZip } from './zip.ts';

const hasZipMark = ({ head }: Probe): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5 || head[2] === 7);

const SEVEN_ZIP_MARK: readonly number[] = [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c];

const isSevenZip = ({ head, size }: Probe): boolean =>
  size >= 32 && SEVEN_ZIP_MARK.every((byte, index) => head[index] === byte);

/** An end record anywhere near the end: readers find a zip behind any other content. */
function hasZipEnd({ tail }: Probe): boolean {
  for (let at = tail.lastIndexOf(0x50); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(0x50, at - 1)) {
    if (tail[at + 1] === 0x4b && tail[at + 2] === 5 && tail[at + 3] === 6 && at + 22 <= tail.length)
      return true;
  }
  return false;
}

function recognise(seen: Probe): Recognition {
  if (hasZipMark(seen) || hasZipEnd(seen) || isTarHeader(seen.head) || isSevenZip(seen)) return 'yes';
  const compression = compressionOf(seen);
  if (compression === undefined) return 'no';
  return isDoubtful(compression) ? 'maybe' : 'yes';
}

const nothing = (path: string): ScanOutcome => ({
  format: 'unknown',
  findings: [],
  errors: [],
  skipped: [{ reason: 'no archive', path }],
});

/** The readings of a file by its first bytes: each is what some reader takes it for. */
function readings(seen: Probe): Reading[] {
  const found: Reading[] = [];
  if (isTarHeader(seen.head)) found.push(judgeTar);
  if (isSevenZip(seen)) found.push(judgeSevenZip);
  const compression = hasZipMark(seen) ? undefined : compressionOf(seen);
  if (compression !== undefined) found.push((input) => judgeCompressed(input, compression));
  return found;
}

type Reading = (input: ArtifactInput) => Promise<ScanOutcome>;

/**
 * Zip readers find the end record behind any other content, a tar's last member for example. Where another reading
 * stands, an end record that leads nowhere is there by chance.
 */
async function judgeZipBehind(input: ArtifactInput): Promise<readonly ScanOutcome[]> {
  const zip = await judgeZip(input, { surroundings: false });
  return zip.errors.length > 0 && zip.findings.length === 0 ? [] : [zip];
}

function together(outcomes: readonly ScanOutcome[]): ScanOutcome {
  const known = outcomes.filter(({ format }) => format !== 'unknown');
  return {
    format: (known[0] ?? outcomes[0])?.format ?? 'unknown',
    findings: outcomes.flatMap(({ findings }) => findings),
    errors: outcomes.flatMap(({ errors }) => errors),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  };
}

async function judge(input: ArtifactInput): Promise<ScanOutcome> {
  const seen = await probe(input.source);
  const others = readings(seen);
  const isZip = hasZipMark(seen) || hasZipEnd(seen);
  if (others.length === 0) return isZip ? judgeZip(input) : nothing(input.context.path);
  const outcomes: ScanOutcome[] = [];
  for (const reading of others) outcomes.push(await reading(input));
  if (isZip) outcomes.push(...(await judgeZipBehind(input)));
  return together(outcomes);
}

/** Opens what other files hold, and tells where two readers of the same archive would see different things. */
export const archiveCheck = defineArtifactCheck({
  id: ARCHIVE_CHECK,
  title: 'Archive',
  description:
    'Opens zip, tar, 7z and compressed files by their content and judges what they hold. Reads zips both ways, and reports entries that only some readers see, that lead out of their folder, or that are built to exhaust whoever opens them.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: ARCHIVE_SAMPLES,
  recognise,
  judge,
});

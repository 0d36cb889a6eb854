import type { OutcomeBuilder } from '../../outcome.ts';
import type { ByteSource, Severity } from '../../types.ts';
import { entropy } from './entropy.ts';
import { magicOf } from './magic.ts';

const LOOK_BYTES = 1 << 20;

export interface AppendedOptions {
  readonly check: string;
  readonly severity: Severity;
  readonly checkpoint: () => void;
  /** Zeros up to here are padding that the format asks for. */
  readonly padTo?: number;
}

/** Reports bytes from `end` to the end of the file, with what they look like. Zeros alone are a lesser matter. */
export async function judgeAppended(
  source: ByteSource,
  end: number,
  outcome: Pick<OutcomeBuilder, 'find'>,
  options: AppendedOptions,
): Promise<void> {
  const count = source.size - end;
  if (count <= 0) return;
  const isZero = await allZero(source, end, options.checkpoint);
  if (isZero && source.size <= (options.padTo ?? end)) return;
  const start = await source.read(end, Math.min(LOOK_BYTES, count));
  const bits = entropy(start);
  const looks = magicOf(start)?.name;
  outcome.find({
    check: options.check,
    severity: isZero ? 'low' : options.severity,
    kind: 'hidden-data',
    message: isZero
      ? `${count} zero bytes follow the end of the file's content.`
      : `${count} bytes follow the end of the file's content${looks ? `; they look like ${looks}` : ''}.`,
    offset: end,
    evidence: { details: { bytes: count, entropyBitsPerByte: Math.round(bits * 100) / 100 } },
  });
}

async function allZero(source: ByteSource, from: number, checkpoint: () => void): Promise<boolean> {
  for (let at = from; at < source.size; at += LOOK_BYTES) {
    checkpoint();
    const bytes = await source.read(at, Math.min(LOOK_BYTES, source.size - at));
    if (bytes.some((byte) => byte !== 0)) return false;
  }
  return true;
}

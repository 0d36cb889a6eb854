import type { Correction, CorrectionInput, DetectorOrigin, SegmentKind } from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';

export type Given = z.output<typeof CorrectionInput>;

/** A text that is corrected, and what was thought of it. */
export interface Corrected {
  readonly subject: string;
  readonly text: string;
  readonly origin: DetectorOrigin;
  readonly segmentKind: SegmentKind;
  readonly interaction: {
    readonly id: string;
    readonly at: number;
    readonly endpointId: string | null;
    readonly segment: number;
  } | null;
  readonly judged: Correction['judged'];
  readonly expiresAt: number;
}

/** As kept, without the text. */
export type CorrectionRecord = Omit<Correction, 'mine'> & { readonly textTag: string };

export const noSuchCorrection = (): AppError =>
  new AppError('not_found', 'there is no such correction', {
    hint: 'It may have expired with its interaction, or been withdrawn.',
  });

/** Throws `invalid_input` where the passage does not lie in the text. */
export function demandSpan(span: { readonly start: number; readonly end: number } | undefined, text: string) {
  if (span === undefined || span.end <= text.length) return;
  throw new AppError('invalid_input', 'the passage ends behind the text', {
    issues: [{ path: 'span.end', message: `the text has ${text.length} characters` }],
  });
}

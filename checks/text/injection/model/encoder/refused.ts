/**
 * Why the encoder gave no answer. `busy`, `late` and `crashed` pass, and may be shed. `large` (the text's own size) and
 * `unjudgeable` (the text brought the encoder down) are its author's doing and never shed; nor are `unusable` and
 * `closed`, which stay.
 */
export type Refusal = 'busy' | 'late' | 'crashed' | 'large' | 'unjudgeable' | 'unusable' | 'closed';

const PASSING: readonly Refusal[] = ['busy', 'late', 'crashed'];

export class EncoderRefused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal, message: string) {
    super(message);
    this.name = 'EncoderRefused';
    this.refusal = refusal;
  }
}

/** Whether a text may be judged without the encoder, where a policy sheds load: this passes, whatever the text. */
export function mayShed({ refusal }: EncoderRefused): boolean {
  return PASSING.includes(refusal);
}

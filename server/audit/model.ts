import type { ProblemKind } from '@bartizan/contracts';

/** The log is not as this server signed or remembers it; the message is one for people. */
export class LogBroken extends Error {
  readonly kind: ProblemKind;
  constructor(kind: ProblemKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogBroken';
    this.kind = kind;
  }
}

import { type OutcomeBuilder, outcomeBuilder } from '../../outcome.ts';
import { type ArtifactInput, ScanFault, type ScanOutcome } from '../../types.ts';

export interface JudgeOptions {
  readonly check: string;
  readonly format: string;
  /**
   * Tells on a fault whether the file is of the format after all; where it is not, the answer is `unknown` without
   * an error. Only asked where the recognition was `maybe`.
   */
  readonly isCertain?: () => boolean;
}

/** Runs `work` (which may answer another format's name), and makes of a `ScanFault` an error of the outcome: what cannot be parsed is never clean. */
export async function judged(
  input: ArtifactInput,
  options: JudgeOptions,
  work: (outcome: OutcomeBuilder) => Promise<string | undefined>,
): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(input.context);
  try {
    return outcome.finish((await work(outcome)) ?? options.format);
  } catch (fault) {
    if (!(fault instanceof ScanFault)) throw fault;
    const certain = input.recognition !== 'maybe' || (options.isCertain?.() ?? false);
    if (!certain && !outcome.hasFindings()) return outcome.finish('unknown');
    outcome.fail({
      check: options.check,
      message: `${options.format}: ${fault.message}`,
      offset: fault.offset,
    });
    return outcome.finish(options.format);
  }
}

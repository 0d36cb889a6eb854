import { textChecks } from '../catalogue.ts';
import type { AnyTextCheck } from '../text/types.ts';
import { type Action, type Author, EMPTY_CONTEXT, type Segment } from '../text/types.ts';
import { compilePolicy } from './compile.ts';
import { defaultPolicy } from './default.ts';
import { applyRedactions } from './redact.ts';
import type { PolicyLike } from './types.ts';
import { createVault } from './vault.ts';

/** What `bartizan scan text --json` prints. Offsets are UTF-16 units of the text as given. */
export interface ScanResult {
  readonly verdict: Action;
  readonly findings: readonly {
    readonly check: string;
    readonly score: number;
    readonly start: number;
    readonly end: number;
    readonly message: string;
  }[];
  /** The text as it would be forwarded. */
  readonly redacted: string;
}

/** A guard could not judge the text, so that there is no verdict to report. */
export class ScanFailed extends Error {
  readonly errors: readonly { readonly check: string; readonly message: string }[];
  constructor(errors: ScanFailed['errors']) {
    super(`could not judge: ${errors.map(({ check, message }) => `${check} ${message}`).join('; ')}`);
    this.name = 'ScanFailed';
    this.errors = errors;
  }
}

/** Nobody else waits meanwhile, and a model has to start first. */
const TIMEOUT_MS = 60_000;

export interface ScanOptions {
  /** The default policy where absent. */
  readonly policy?: PolicyLike;
  /** Who wrote the text; a user where absent. */
  readonly author?: Author;
  /** Those without a trained model where absent. */
  readonly checks?: readonly AnyTextCheck[];
}

/**
 * Judges one text as input. Rejects with {@link ScanFailed} when a check fails: a text that was not judged is
 * not allowed.
 */
export async function scanText(text: string, options: ScanOptions = {}): Promise<ScanResult> {
  const { policy = defaultPolicy(), author = 'user', checks = textChecks } = options;
  const kind = author === 'third_party' ? 'document' : 'message';
  const segments: readonly Segment[] = [{ index: 0, text, author, kind }];
  const judge = compilePolicy(policy, checks, { timeoutMs: TIMEOUT_MS });
  const decision = await judge.inspect({
    direction: 'input',
    endpointId: null,
    segments,
    context: EMPTY_CONTEXT,
  });
  if (decision.errors.length > 0) throw new ScanFailed(decision.errors);
  return {
    verdict: decision.verdict,
    findings: decision.findings.map(({ check, score, start, end, message }) => ({
      check,
      score,
      start,
      end,
      message,
    })),
    redacted: applyRedactions(text, decision.findings, createVault()),
  };
}

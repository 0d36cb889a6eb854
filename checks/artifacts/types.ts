import type { z } from 'zod';
import type { Check, FrameworkRef, Sample } from '../define.ts';
import { defineCheck, PASS } from '../define.ts';
import type { WeightReport } from '../weights/types.ts';

/**
 * Bytes that can be read anywhere. `read` answers exactly `length` bytes, fewer only where the source ends, none
 * past its end; what it answered is never changed afterwards. It throws when the bytes cannot be had (`ScanFault`
 * where the content is to blame).
 */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array> | Uint8Array;
}

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';

/** In rising order. */
export const SEVERITIES: readonly Severity[] = Object.freeze(['info', 'low', 'medium', 'high', 'critical']);

/**
 * - `executes-on-load`: loading the file calls it.
 * - `imports-on-load`: loading the file imports it, nothing is seen to call it.
 * - `unknown-import`: an import or call that the policy does not know to be harmless.
 * - `embedded-payload`: something dangerous lies in the file as data; loading alone does not run it.
 * - `executes-on-use`: runs when the loaded model is used (template rendered, graph run, layer called).
 * - `container-mismatch`: two readers of the same container would see different things.
 * - `hidden-data`: bytes that no reader of the format needs.
 * - `unsafe-path`: leads out of its folder.
 * - `unsafe-config`: a setting that makes a loader run or fetch code.
 * - `resource-abuse`: built to exhaust whoever opens it.
 * - `note`: worth knowing, no danger by itself.
 */
export type FindingKind =
  | 'executes-on-load'
  | 'imports-on-load'
  | 'unknown-import'
  | 'embedded-payload'
  | 'executes-on-use'
  | 'container-mismatch'
  | 'hidden-data'
  | 'unsafe-path'
  | 'unsafe-config'
  | 'resource-abuse'
  | 'note';

/** What a finding rests on. Texts are cut to a bounded length and may hold anything: escape them when shown. */
export interface ArtifactEvidence {
  /** The call as the loader would make it, e.g. `os.system("id")`. */
  readonly call?: string;
  /** Dotted name of what is imported, e.g. `os.system`. */
  readonly import?: string;
  /** What it lets an attacker do: `code`, `process`, `file`, `network`, `deserialisation`, … */
  readonly capability?: string;
  /** Lines of a disassembly or excerpt around the offset. */
  readonly excerpt?: readonly string[];
  /** Anything else that is short: names, sizes, values as read by the two readers. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface ArtifactFinding {
  /** Id of the check, e.g. `artifacts/pickle`. */
  readonly check: string;
  readonly severity: Severity;
  readonly kind: FindingKind;
  readonly message: string;
  /** Byte offset in the innermost file named by `path` (after decompression). */
  readonly offset: number;
  /** Where inside containers, joined by `!`, e.g. `archive/data.pkl`; empty for the file itself. */
  readonly path: string;
  readonly evidence: ArtifactEvidence;
}

/** Part of a file that could not be judged. Such a file is never clean. */
export interface ScanError {
  readonly check: string;
  readonly message: string;
  readonly offset: number;
  readonly path: string;
}

/** Part of a file that needs no judging because nothing loads or runs it. */
export interface ScanSkip {
  readonly reason: string;
  readonly path: string;
}

export interface ScanOutcome {
  /** Name of the recognised format, e.g. `pickle`, `zip`, `torch`; `unknown` when none was. */
  readonly format: string;
  readonly findings: readonly ArtifactFinding[];
  readonly errors: readonly ScanError[];
  readonly skipped: readonly ScanSkip[];
}

export type ArtifactVerdict = 'malicious' | 'suspicious' | 'clean' | 'error' | 'skipped';

/** Where the limits are reached the outcome has an error: too much to judge is not clean. */
export interface ScanLimits {
  /** Containers inside containers, nested pickles among them. */
  readonly depth: number;
  /** Entries over all containers of one file. */
  readonly entries: number;
  /** Bytes that decompression may give over all containers of one file. */
  readonly expandedBytes: number;
  /** Bytes out per byte in above which a member counts as a bomb (looked at from 64 MiB on). */
  readonly ratio: number;
  /** Pickle opcodes over one file. */
  readonly opcodes: number;
  /** Values that the pickle machine keeps in its memo; older ones are forgotten and count as unknown. */
  readonly memo: number;
  /** Slots that the pickle machine keeps on its stack; deeper ones are forgotten and count as unknown. */
  readonly stack: number;
  /** Bytes of a string that are kept as text. */
  readonly textBytes: number;
  /** Findings over one file; further ones are counted, not kept. */
  readonly findings: number;
}

export const DEFAULT_LIMITS: ScanLimits = Object.freeze({
  depth: 12,
  entries: 200_000,
  expandedBytes: 64 * 2 ** 30,
  ratio: 400,
  opcodes: 20_000_000_000,
  memo: 65_536,
  stack: 65_536,
  textBytes: 16_384,
  findings: 500,
});

/** What one scan has used up of its limits, shared by all that it opens. Counts only ever grow. */
export interface ScanBudget {
  entries: number;
  expandedBytes: number;
  opcodes: number;
  findings: number;
  /** Files and members judged so far; 0 where absent. */
  members?: number;
}

export interface ScanContext {
  /** Where `source` lies inside containers, joined by `!`; empty for the file itself. */
  readonly path: string;
  /** 0 for the file itself. */
  readonly depth: number;
  readonly limits: ScanLimits;
  readonly budget: ScanBudget;
  /** Called at least once per MiB or per entry; may throw to end the scan (time is up, user gave up). */
  readonly checkpoint: () => void;
  /**
   * Answers another file of the same model by its path relative to the folder of this one, null where there is none.
   * Asked only for plain paths below that folder, and must not follow links out of it.
   */
  readonly beside?: (path: string) => Promise<ByteSource | null> | ByteSource | null;
  /** Told what was measured of the weights of the file itself, where it has any. */
  readonly onWeights?: (report: WeightReport) => void;
  /** Told of findings as they are made, for those who must know them even where the scan does not come to its end. */
  readonly onFinding?: (finding: ArtifactFinding) => void;
  /** Judges what a container holds, by its content. Made by the dispatcher. */
  readonly scanMember: MemberScan;
}

/** `context` has `path` and `depth` of the member already (see `memberContext`). */
export type MemberScan = (source: ByteSource, context: ScanContext) => Promise<ScanOutcome>;

/** First and last bytes of a file, to recognise what it is. Both may be the whole file. */
export interface Probe {
  /** At most `PROBE_BYTES`. */
  readonly head: Uint8Array;
  /** At most `PROBE_BYTES`. */
  readonly tail: Uint8Array;
  readonly size: number;
}

/** A zip's end record can lie 65,557 bytes before the end. */
export const PROBE_BYTES = 66_000;

/**
 * `yes`: has the format's mark or structure, its parser must judge it. `maybe`: the format has no mark and loaders
 * would try; the parser looks, and what it cannot read is then no error. `no`: its loaders would refuse it.
 * More than one format may answer other than `no` for one file: all of them judge it.
 */
export type Recognition = 'yes' | 'maybe' | 'no';

export interface ArtifactInput {
  readonly source: ByteSource;
  readonly context: ScanContext;
  /** How sure the format is; `yes` where absent. */
  readonly recognition?: Exclude<Recognition, 'no'>;
}

export interface ArtifactCheck<Config = unknown> extends Check<ArtifactInput, Config, ArtifactFinding> {
  readonly subject: 'artifact';
  readonly recognise: (probe: Probe) => Recognition;
  /** The whole judgement; `run` is its short form. Throws only what `checkpoint` or `source` throws. */
  readonly judge: (input: ArtifactInput, config: Config) => Promise<ScanOutcome>;
}

/** A check whose configuration type is not known here. */
export type AnyArtifactCheck = Omit<ArtifactCheck<never>, 'config'> & { readonly config: z.ZodType };

/** Declares an artifact check; `run` answers findings before errors, and skips what it does not recognise. */
export function defineArtifactCheck<Schema extends z.ZodType>(
  check: Omit<ArtifactCheck<z.output<Schema>>, 'config' | 'subject' | 'run'> & { readonly config: Schema },
): ArtifactCheck<z.output<Schema>> {
  type Config = z.output<Schema>;
  const run = async (input: ArtifactInput, config: Config) => {
    const { findings, errors, skipped } = await check.judge(input, config);
    if (findings.some(({ severity }) => severity !== 'info'))
      return { outcome: 'findings', findings } as const;
    const [error] = errors;
    if (error !== undefined) return { outcome: 'error', message: error.message } as const;
    const [skip] = skipped;
    if (skip !== undefined && skip.path === input.context.path) {
      return { outcome: 'skipped', reason: skip.reason } as const;
    }
    return findings.length > 0 ? ({ outcome: 'findings', findings } as const) : PASS;
  };
  return defineCheck({ ...check, subject: 'artifact', run } as never) as unknown as ArtifactCheck<Config>;
}

/** Content that breaks its own format: becomes an error of the outcome, never a crash. */
export class ScanFault extends Error {
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super(message);
    this.name = 'ScanFault';
    this.offset = offset;
  }
}

export type { FrameworkRef, Sample };

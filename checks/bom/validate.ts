import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import type { BomSpecVersion } from './document.ts';

export interface BomProblem {
  /** JSON pointer into the document; empty: the whole. */
  readonly path: string;
  readonly message: string;
}

export interface BomValidation {
  readonly valid: boolean;
  /** The version that it says to be of; null where it is none that is known here. */
  readonly spec: BomSpecVersion | null;
  readonly errors: readonly BomProblem[];
}

const VERSIONS: Readonly<Record<BomSpecVersion, Spec.Version>> = Object.freeze({
  '1.6': Spec.Version.v1dot6,
  '1.7': Spec.Version.v1dot7,
});
/** Reading a schema takes most of the time of the first validation. */
const validators = new Map<BomSpecVersion, Validation.JsonStrictValidator>();

function validatorOf(spec: BomSpecVersion): Validation.JsonStrictValidator {
  const known = validators.get(spec) ?? new Validation.JsonStrictValidator(VERSIONS[spec]);
  validators.set(spec, known);
  return known;
}

const MAX_ERRORS = 100;
/** Deeper documents are not looked at: the schema recurses into components. */
const MAX_DEPTH = 64;

const refuse = (message: string, spec: BomSpecVersion | null = null): BomValidation => ({
  valid: false,
  spec,
  errors: [{ path: '', message }],
});

function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => isDeeperThan(inner, limit - 1));
}

function problemsOf(error: unknown): BomProblem[] {
  if (!Array.isArray(error)) return [{ path: '', message: 'does not fit the schema' }];
  return error.slice(0, MAX_ERRORS).map((each: Record<string, unknown>) => ({
    path: typeof each.instancePath === 'string' ? each.instancePath : '',
    message: typeof each.message === 'string' ? each.message : 'does not fit the schema',
  }));
}

/**
 * Holds a document against the strict JSON schema of CycloneDX 1.6 or 1.7 (ECMA-424), whichever it says to be of, as
 * the project's own library carries it.
 */
export async function validateBom(document: unknown): Promise<BomValidation> {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return refuse('a bill of materials is a JSON object');
  const { specVersion } = document as { specVersion?: unknown };
  const spec = (Object.keys(VERSIONS) as BomSpecVersion[]).find((version) => version === specVersion);
  if (spec === undefined) return refuse('give "specVersion": "1.6" or "1.7"');
  if (isDeeperThan(document, MAX_DEPTH)) return refuse(`it nests deeper than ${MAX_DEPTH} levels`, spec);
  const error = await validatorOf(spec).validate(JSON.stringify(document));
  return error === null
    ? { valid: true, spec, errors: [] }
    : { valid: false, spec, errors: problemsOf(error) };
}

import type { ArtifactEvidence, FindingKind, Severity } from '../../types.ts';
import type { JsonObject } from './parse.ts';

/** What a rule says about one object of a JSON file. */
export interface JsonHit {
  readonly check: string;
  readonly severity: Severity;
  readonly kind: FindingKind;
  readonly message: string;
  readonly evidence?: ArtifactEvidence;
  /** Text to look for in the file, to tell the offset. */
  readonly needle?: string;
}

/** Bytes that a JSON file carries and that are a file of their own, e.g. a pickle in base64. */
export interface JsonMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface JsonVisit {
  readonly object: JsonObject;
  /** Path to it, e.g. `config.layers[3]`. */
  readonly at: string;
  readonly hit: (hit: JsonHit) => void;
  readonly member: (member: JsonMember) => void;
}

/** Looks at one object; asked for each one in the file. */
export type JsonRule = (visit: JsonVisit) => void;

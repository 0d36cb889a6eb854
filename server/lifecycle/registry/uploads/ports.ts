import type { UploadedVersion } from '@bartizan/contracts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { ParsedUpload } from './model.ts';

/** What an upload asks to be made of it; the files are all stored. */
export interface NewVersion extends Omit<ParsedUpload, 'files' | 'teamId'> {
  /** Of a model that is registered by it; absent: as the registry has it. */
  readonly teamId?: string | null;
  readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
}

/** What uploads need of the models beside them. */
export interface UploadPorts {
  /**
   * Throws unless the caller may make this version: the model is out of their reach, the team of a new one is not
   * theirs, or the base is not there. Gives the team of the model that it goes to.
   */
  readonly prepare: (
    principal: Principal,
    upload: Pick<ParsedUpload, 'model' | 'teamId' | 'base' | 'alias'>,
  ) => Promise<string | null>;
  /** Makes the version, in the transaction that finishes the upload. */
  readonly createVersion: (
    principal: Principal,
    version: NewVersion,
    within: Database,
  ) => Promise<UploadedVersion>;
  /** Told once the version stands. */
  readonly created: (version: UploadedVersion) => void;
  /**
   * Of these digests, those of files that the caller may download anyway: only such content need not be sent, or
   * naming a digest would be a way to get at other people's content.
   */
  readonly downloadable: (principal: Principal, digests: readonly string[]) => Promise<ReadonlySet<string>>;
}

import type { Author, SegmentKind, TryResult } from '@bartizan/contracts';
import type { Jobs } from '../../platform/jobs/index.ts';
import type { InteractionService } from '../interactions/index.ts';
import type { Recording, RecordingQuery } from '../policies/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import type { Sight, Viewer } from '../sight.ts';

/** What the detector's feedback loop needs of the other stages. */
export interface DetectorPorts {
  readonly interactions: Pick<InteractionService, 'record'>;
  readonly sightOf: (viewer: Viewer) => Promise<Sight>;
  /** What was recorded, newest first, in pages; content that cannot be opened has null texts. */
  readonly recordings: (query: RecordingQuery) => AsyncIterable<readonly Recording[]>;
  /** What the injection check alone makes of a text; nothing is recorded. */
  readonly judge: (segment: {
    readonly text: string;
    readonly author: Author;
    readonly kind: SegmentKind;
  }) => Promise<Pick<TryResult, 'verdict' | 'findings' | 'errors'>>;
}

export type { Recording };

export interface DetectorDeps
  extends Pick<
    LifecycleDeps,
    'database' | 'masterKey' | 'audit' | 'clock' | 'logger' | 'objects' | 'events' | 'reviews'
  > {
  readonly ports: DetectorPorts;
  readonly jobs: Pick<Jobs, 'send' | 'work' | 'cancel' | 'progressOf' | 'alive' | 'wake'>;
  /** Folder of this server's own files. */
  readonly dataDir: string;
}

import type { Author, SegmentKind, TryResult } from '@bartizan/contracts';
import type { InteractionService } from '../interactions/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import type { Sight, Viewer } from '../sight.ts';

/** What the detector's feedback loop needs of the other stages. */
export interface DetectorPorts {
  readonly interactions: Pick<InteractionService, 'record'>;
  readonly sightOf: (viewer: Viewer) => Promise<Sight>;
  /** What the injection check alone makes of a text; nothing is recorded. */
  readonly judge: (segment: {
    readonly text: string;
    readonly author: Author;
    readonly kind: SegmentKind;
  }) => Promise<Pick<TryResult, 'verdict' | 'findings' | 'errors'>>;
}

export interface DetectorDeps
  extends Pick<LifecycleDeps, 'database' | 'masterKey' | 'audit' | 'clock' | 'logger' | 'objects'> {
  readonly ports: DetectorPorts;
}

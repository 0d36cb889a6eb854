import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { DataUses } from '../../registry/index.ts';
import type { Sight, Viewer } from '../../sight.ts';
import type { DatasetsPort } from '../ports.ts';

/** An endpoint as lineage names it. */
export interface EndpointFact {
  readonly id: string;
  readonly slug: string;
  readonly teamId: string | null;
}

/** A record that the newest scan of a version suspects. */
export interface Suspect {
  /** From 0. */
  readonly row: number;
  /** 0..1. */
  readonly score: number;
  /** Why, in a sentence without content. */
  readonly reason: string;
}

/** What other stages know; lifecycle wires it. */
export interface LineagePorts {
  readonly registry: DataUses;
  /** Every endpoint there is. */
  readonly endpoints: () => Promise<readonly EndpointFact[]>;
  readonly systems: {
    readonly links: (
      viewer: Viewer,
      of: {
        readonly systems?: readonly string[];
        readonly models?: readonly string[];
        readonly endpoints?: readonly string[];
      },
    ) => Promise<
      readonly { readonly id: string; readonly kind: 'model' | 'endpoint'; readonly to: string }[]
    >;
    readonly named: (
      viewer: Viewer,
      query: { readonly text?: string; readonly ids?: readonly string[]; readonly limit: number },
    ) => Promise<readonly { readonly id: string; readonly name: string; readonly at: number }[]>;
  };
  readonly interactions: {
    readonly sightOf: (viewer: Viewer) => Promise<Sight>;
    /** Where an interaction went; `not_found` for one that is out of sight. */
    readonly place: (
      id: string,
      reader: { readonly sight: Sight },
    ) => Promise<{ readonly endpointId: string | null; readonly at: number }>;
    /** Requests since then, by endpoint. */
    readonly traffic: (sinceMs: number) => Promise<ReadonlyMap<string, { readonly requests: number }>>;
  };
}

/** What scans of datasets know. */
export interface SuspectsPort {
  /** Of the newest finished scan of a version, the most suspicious first; null where it was not scanned. */
  readonly suspects: (versionId: string, limit: number) => Promise<readonly Suspect[] | null>;
}

export interface LineageDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly ports: LineagePorts;
  readonly datasets: Pick<DatasetsPort, 'version' | 'versionById' | 'originsOf'>;
  /** Absent where nothing scans. */
  readonly scans?: SuspectsPort;
}

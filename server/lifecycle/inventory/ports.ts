import type { Directory } from '../../identity/index.ts';
import type { LifecycleDeps } from '../ports.ts';

/** A model of the registry as the inventory knows it. */
export interface KnownModel {
  readonly id: string;
  readonly name: string;
  readonly teamId: string | null;
  /** A version of it is in production, or has an alias by which others load it. */
  readonly inUse: boolean;
  readonly aliases: readonly { readonly alias: string; readonly version: string }[];
}

/** An endpoint of the gateway as the inventory knows it. */
export interface KnownEndpoint {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly teamId: string | null;
  /** Of the built-in demo assistant. */
  readonly demo: boolean;
}

/** What the inventory asks of stages that come after it. */
export interface InventoryPorts {
  readonly models: { readonly all: () => Promise<readonly KnownModel[]> };
  readonly endpoints: {
    readonly all: () => Promise<readonly KnownEndpoint[]>;
    /** Requests by endpoint since then, and when the last stretch with one began. */
    readonly traffic: (
      sinceMs: number,
    ) => Promise<ReadonlyMap<string, { readonly requests: number; readonly lastAt: number }>>;
  };
}

export interface InventoryDeps extends Pick<LifecycleDeps, 'database' | 'audit' | 'clock'> {
  readonly directory: Directory;
  readonly ports: InventoryPorts;
}

/** Everything that a bill of materials of a model version is made of. Texts may be foreign; they are cut to length. */
export interface ModelFacts {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  /** sha256 of the version: over the digests of its files (OpenSSF model signing, subject digest). */
  readonly digest: string | null;
  /** In ms since the epoch. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly stage: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly files: readonly FileFact[];
  readonly metrics: readonly { readonly key: string; readonly value: string }[];
  readonly datasets: readonly DatasetFact[];
  readonly base: BaseFact | null;
  readonly run: { readonly id: string; readonly source: string; readonly revision: string } | null;
  readonly verdict: string | null;
  readonly signature: { readonly state: string; readonly signers: readonly string[] };
  readonly hasProvenance: boolean;
  /** Systems that say they use the model. */
  readonly systems: readonly { readonly id: string; readonly name: string; readonly purpose: string }[];
  readonly card: CardFacts;
  /** What the model's own files say. */
  readonly found: FoundFacts;
  /** Where people look at it; empty: not known. */
  readonly url: string;
}

export interface FileFact {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

export interface DatasetFact {
  readonly name: string;
  readonly digest: string;
  readonly context: string;
  readonly source: string;
}

export type BaseFact =
  | {
      readonly kind: 'version';
      readonly name: string;
      readonly version: number;
      readonly digest: string | null;
    }
  | { readonly kind: 'external'; readonly name: string; readonly digest: string | null };

/** What people wrote down. Empty texts and lists: not said. */
export interface CardFacts {
  readonly license: string;
  readonly supplier: string;
  readonly task: string;
  readonly approach: string;
  readonly architectureFamily: string;
  readonly architecture: string;
  readonly useCases: readonly string[];
  readonly users: readonly string[];
  readonly limitations: readonly string[];
  readonly tradeoffs: readonly string[];
  readonly risks: readonly { readonly name: string; readonly mitigation: string }[];
  readonly trainingEnergyKwh: number | null;
  readonly trainedFromScratch: boolean;
}

export interface LibraryFact {
  readonly name: string;
  /** Exact version; empty where it is a range or not said. */
  readonly version: string;
}

/** What a model's README, configuration and MLflow description say. */
export interface FoundFacts {
  readonly license: string;
  readonly task: string;
  readonly architectureFamily: string;
  readonly architecture: string;
  readonly languages: readonly string[];
  readonly datasets: readonly string[];
  readonly base: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly libraries: readonly LibraryFact[];
}

export const NOTHING_FOUND: FoundFacts = Object.freeze({
  license: '',
  task: '',
  architectureFamily: '',
  architecture: '',
  languages: [],
  datasets: [],
  base: '',
  inputs: [],
  outputs: [],
  libraries: [],
});

/** A system with the models that it uses. */
export interface SystemFacts {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly purpose: string;
  readonly supplier: string;
  readonly url: string;
  readonly models: readonly ModelFacts[];
  /** Models of vendors, known by name only. */
  readonly vendorModels: readonly string[];
  readonly dataSources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly isPersonal: boolean;
  }[];
  readonly endpoints: readonly { readonly id: string; readonly name: string }[];
}

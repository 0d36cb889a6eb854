import { createHash } from 'node:crypto';
import { licenseOf } from './completeness.ts';
import { spdxId } from './licenses.ts';
import type { BaseFact, DatasetFact, LibraryFact, ModelFacts, SystemFacts } from './types.ts';

export type BomSpecVersion = '1.6' | '1.7';
export type Json = Record<string, unknown>;

export interface DocumentOptions {
  readonly spec: BomSpecVersion;
  /** When it is written, in ms since the epoch. */
  readonly nowMs: number;
  /** Version of Bartizan. */
  readonly tool: string;
}

/** Files beyond are counted, not listed: holding a document against its schema takes the square of their number. */
const MAX_FILES = 1_000;
const sha256 = (content: string) => [{ alg: 'SHA-256', content }];

/** Leaves out what was not said: empty texts and lists, undefined and null. */
function said(fields: Json): Json {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== undefined &&
        value !== null &&
        value !== '' &&
        !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** The specification's list of unique items. */
const distinct = (items: readonly string[]): string[] => [...new Set(items)];

const property = (name: string, value: string | null | undefined) =>
  value ? [{ name: `bartizan:${name}`, value }] : [];

/** A name-based UUID (RFC 9562 §5.8, version 8) over what the document is about and when it was written. */
function serialNumber(about: string, nowMs: number): string {
  const bytes = createHash('sha256').update(`bartizan bom ${about} ${nowMs}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const refOf = (kind: string, id: string): string => `${kind}:${id}`;
const modelRef = ({ id }: ModelFacts): string => refOf('model-version', id);
const datasetRef = ({ name, digest }: Pick<DatasetFact, 'name' | 'digest'>): string =>
  refOf('dataset', `${name}@${digest}`);

function licenses(facts: ModelFacts): Json[] {
  const named = licenseOf(facts);
  if (named === '') return [];
  const id = spdxId(named);
  return [{ license: id === null ? { name: named } : { id } }];
}

function datasetsOf(facts: ModelFacts): DatasetFact[] {
  const named = facts.found.datasets
    .filter((name) => !facts.datasets.some((dataset) => dataset.name === name))
    .map((name): DatasetFact => ({ name, digest: '', context: '', source: '' }));
  const seen = new Set<string>();
  return [...facts.datasets, ...named].filter((dataset) => {
    const ref = datasetRef(dataset);
    return !seen.has(ref) && seen.add(ref);
  });
}

function datasetComponent(dataset: DatasetFact): Json {
  return said({
    type: 'data',
    'bom-ref': datasetRef(dataset),
    name: dataset.name || 'unnamed dataset',
    data: [
      said({
        type: 'dataset',
        name: dataset.name,
        contents: dataset.source
          ? { properties: property('source', dataset.source.slice(0, 2_000)) }
          : undefined,
      }),
    ],
    // Digests of datasets are whatever their writer took: told as a property, unless they are what the field is for.
    hashes: /^[0-9a-f]{64}$/.test(dataset.digest) ? sha256(dataset.digest) : undefined,
    properties: [...property('digest', dataset.digest), ...property('context', dataset.context)],
  });
}

function baseComponent(base: BaseFact): Json {
  return said({
    type: 'machine-learning-model',
    'bom-ref': baseRef(base),
    name: base.name || 'a model of another team',
    version: base.kind === 'version' ? String(base.version) : undefined,
    hashes: base.digest === null ? undefined : sha256(base.digest),
  });
}

const baseRef = (base: BaseFact): string =>
  refOf('base', `${base.name}@${base.kind === 'version' ? base.version : (base.digest ?? '')}`);

/** The base that was said when the version was registered, or the one that its README names. */
const baseOf = ({ base, found }: ModelFacts): BaseFact | null =>
  base ?? (found.base === '' ? null : { kind: 'external', name: found.base, digest: null });

function libraryComponent({ name, version }: LibraryFact): Json {
  return said({
    type: 'library',
    'bom-ref': refOf('library', `${name}@${version}`),
    name,
    version,
    purl: `pkg:pypi/${encodeURIComponent(name)}${version ? `@${encodeURIComponent(version)}` : ''}`,
  });
}

function modelCard(facts: ModelFacts): Json {
  const { card, found, metrics, systems } = facts;
  const formats = (items: readonly string[]) => distinct(items).map((format) => ({ format }));
  const useCases = [
    ...card.useCases,
    ...systems.map(({ name, purpose }) => (purpose ? `${name}: ${purpose}` : name)),
  ];
  return {
    'bom-ref': refOf('model-card', facts.id),
    modelParameters: said({
      approach: card.approach === '' ? undefined : { type: card.approach },
      task: card.task || found.task,
      architectureFamily: card.architectureFamily || found.architectureFamily,
      modelArchitecture: card.architecture || found.architecture,
      datasets: datasetsOf(facts).map((dataset) => ({ ref: datasetRef(dataset) })),
      inputs: formats(found.inputs),
      outputs: formats(found.outputs),
    }),
    ...(metrics.length === 0
      ? {}
      : {
          quantitativeAnalysis: {
            performanceMetrics: metrics.map(({ key, value }) => ({ type: key, value })),
          },
        }),
    considerations: said({
      users: distinct(card.users),
      useCases: distinct(useCases),
      technicalLimitations: distinct(card.limitations),
      performanceTradeoffs: distinct(card.tradeoffs),
      ethicalConsiderations: card.risks.map(({ name, mitigation }) =>
        said({ name, mitigationStrategy: mitigation }),
      ),
      environmentalConsiderations: energy(card.trainingEnergyKwh),
    }),
  };
}

function energy(kwh: number | null): Json | undefined {
  if (kwh === null) return undefined;
  return { properties: property('training-energy-kwh', String(kwh)) };
}

function fileComponents({ id, files }: ModelFacts): Json[] {
  return files.slice(0, MAX_FILES).map((file) => ({
    type: 'file',
    'bom-ref': refOf('file', `${id}/${file.path}`),
    name: file.path,
    hashes: sha256(file.sha256),
    properties: property('bytes', String(file.size)),
  }));
}

function modelComponent(facts: ModelFacts): Json {
  const { found, signature, run } = facts;
  return said({
    type: 'machine-learning-model',
    'bom-ref': modelRef(facts),
    supplier: facts.card.supplier ? { name: facts.card.supplier } : undefined,
    authors: facts.createdBy ? [{ name: facts.createdBy }] : undefined,
    name: facts.name,
    version: String(facts.version),
    description: facts.description,
    hashes: facts.digest === null ? undefined : sha256(facts.digest),
    licenses: licenses(facts),
    purl: `pkg:mlflow/${encodeURIComponent(facts.name)}@${facts.version}`,
    externalReferences: references(facts),
    tags: distinct(found.languages.map((language) => `language:${language}`)),
    modelCard: modelCard(facts),
    properties: [
      ...property('digest-of', 'sha256 over the sha256 of the files in the order of their paths'),
      ...property('stage', facts.stage),
      ...property('scan-verdict', facts.verdict),
      ...property('signature', signature.state),
      ...signature.signers.flatMap((name) => property('signer', name)),
      ...property('run', run?.id),
      ...property('code-revision', run?.revision),
      ...property('trained-from-scratch', facts.card.trainedFromScratch ? 'true' : ''),
      ...property('files', String(facts.files.length)),
      ...Object.entries(facts.tags).map(([name, value]) => ({ name: `bartizan:tag:${name}`, value })),
    ],
  });
}

/** An address that the specification takes for one; others stay out of it. */
const isAddress = (text: string): boolean =>
  /^https?:\/\/[^\s<>"{}|\\^`]{1,2000}$/.test(text) && URL.canParse(text);

function references({ url, run }: ModelFacts): Json[] {
  return [
    ...(isAddress(url) ? [{ type: 'website', url }] : []),
    ...(run && isAddress(run.source) ? [{ type: 'vcs', url: run.source }] : []),
  ];
}

/** What a model brings along, and what hangs on what. */
function partsOf(facts: ModelFacts): { components: Json[]; dependencies: Json[] } {
  const base = baseOf(facts);
  const components = [
    ...fileComponents(facts),
    ...datasetsOf(facts).map(datasetComponent),
    ...(base === null ? [] : [baseComponent(base)]),
    ...facts.found.libraries.map(libraryComponent),
  ];
  const dependsOn = components.filter(({ type }) => type !== 'file').map((component) => component['bom-ref']);
  return { components, dependencies: [said({ ref: modelRef(facts), dependsOn })] };
}

function metadata(component: Json, { nowMs, tool }: DocumentOptions): Json {
  return {
    timestamp: new Date(nowMs).toISOString(),
    lifecycles: [{ phase: 'post-build' }],
    tools: { components: [{ type: 'application', name: 'Bartizan', version: tool }] },
    component,
  };
}

/** Each reference once: models of a system share libraries, data and bases. */
function uniqueByRef(components: readonly Json[]): Json[] {
  const seen = new Set<unknown>();
  return components.filter((component) => !seen.has(component['bom-ref']) && seen.add(component['bom-ref']));
}

const envelope = (about: string, options: DocumentOptions): Json => ({
  $schema: `http://cyclonedx.org/schema/bom-${options.spec}.schema.json`,
  bomFormat: 'CycloneDX',
  specVersion: options.spec,
  serialNumber: serialNumber(about, options.nowMs),
  version: 1,
});

/**
 * The bill of materials of a model version (CycloneDX 1.6 and 1.7, ECMA-424: component `machine-learning-model` with
 * its model card). What is not known is left out, never guessed.
 */
export function modelDocument(facts: ModelFacts, options: DocumentOptions): Json {
  const { components, dependencies } = partsOf(facts);
  return {
    ...envelope(facts.id, options),
    metadata: metadata(modelComponent(facts), options),
    components: uniqueByRef(components),
    dependencies,
  };
}

/** The bill of materials of a system: the models that it uses with theirs, its data sources, its endpoints. */
export function systemDocument(facts: SystemFacts, options: DocumentOptions): Json {
  const ref = refOf('system', facts.id);
  const component = said({
    type: 'application',
    'bom-ref': ref,
    supplier: facts.supplier ? { name: facts.supplier } : undefined,
    name: facts.name,
    description: [facts.description, facts.purpose].filter(Boolean).join('\n\n'),
    externalReferences: isAddress(facts.url) ? [{ type: 'website', url: facts.url }] : undefined,
    properties: facts.endpoints.flatMap(({ name }) => property('endpoint', name)),
  });
  const vendors = facts.vendorModels.map((name) => ({
    type: 'machine-learning-model',
    'bom-ref': refOf('vendor-model', name),
    name,
  }));
  const sources = facts.dataSources.map(({ name, kind, isPersonal }) => ({
    type: 'data',
    'bom-ref': refOf('data-source', name),
    name,
    data: [{ type: 'dataset', name }],
    properties: [...property('kind', kind), ...property('personal-data', isPersonal ? 'true' : 'false')],
  }));
  const parts = facts.models.map(partsOf);
  const models = facts.models.map(modelComponent);
  return {
    ...envelope(facts.id, options),
    metadata: metadata(component, options),
    components: uniqueByRef([
      ...models,
      ...vendors,
      ...sources,
      ...parts.flatMap(({ components }) => components),
    ]),
    dependencies: [
      said({
        ref,
        dependsOn: distinct([...models, ...vendors, ...sources].map((one) => String(one['bom-ref']))),
      }),
      ...parts.flatMap(({ dependencies }) => dependencies),
    ],
  };
}

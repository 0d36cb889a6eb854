import { type DatasetInput, datasetNameProblem } from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../../../kernel/error.ts';

type Json = Readonly<Record<string, unknown>>;
type Described = Omit<z.output<typeof DatasetInput>, 'teamId' | 'label'>;

const MOST_NODES = 100_000;
const MOST_DEPTH = 64;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

const refuse = (message: string, path: string): AppError =>
  new AppError('invalid_input', `this is not valid Croissant: ${message}`, {
    hint: 'Croissant 1.0 and 1.1 are read; check the document with the validator of its authors.',
    issues: [{ path: `document${path === '' ? '' : `.${path}`}`, message }],
  });

/** Of a value with a language, or a list of them, the first text. */
function textOf(value: unknown): string {
  for (const each of listOf(value)) {
    if (typeof each === 'string') return each;
    if (isObject(each)) {
      const inner = each['@value'] ?? each.name ?? each.url ?? each['@id'];
      if (typeof inner === 'string') return inner;
    }
  }
  return '';
}

/** Names without their prefix: `cr:FileObject`, `http://mlcommons.org/croissant/FileObject`, `FileObject`. */
const bare = (name: unknown): string => (typeof name === 'string' ? name.replace(/^.*[:/#]/, '') : '');
const typesOf = (node: Json): readonly string[] => listOf(node['@type']).map(bare);
const idOf = (node: Json): string => textOf(node['@id']) || textOf(node.name);

/** Depth and number of values, without recursion: the document comes from anybody. */
function demandSmall(document: unknown): void {
  let level: unknown[] = [document];
  let nodes = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    nodes += level.length;
    if (depth > MOST_DEPTH) throw refuse(`it is nested deeper than ${MOST_DEPTH}`, '');
    if (nodes > MOST_NODES) throw refuse(`it has more than ${MOST_NODES} values`, '');
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as unknown[]) : [],
    );
  }
}

function versionOf(document: Json): string {
  for (const each of listOf(document.conformsTo ?? document['dct:conformsTo'])) {
    const match = /croissant\/(1\.[01])$/.exec(textOf(each));
    if (match?.[1]) return match[1];
  }
  throw refuse('it does not say that it conforms to Croissant 1.0 or 1.1', 'conformsTo');
}

/** Resources that fields and archives may name. */
function resourcesOf(document: Json): ReadonlySet<string> {
  const ids = new Set<string>();
  const distribution = listOf(document.distribution);
  for (const [index, node] of distribution.entries()) {
    const types = isObject(node) ? typesOf(node) : [];
    if (!isObject(node) || !types.some((type) => type === 'FileObject' || type === 'FileSet'))
      throw refuse('what is distributed is a FileObject or a FileSet', `distribution.${index}`);
    const id = idOf(node);
    if (id === '') throw refuse('a file has no @id', `distribution.${index}`);
    ids.add(id);
  }
  for (const [index, node] of distribution.entries())
    for (const container of listOf((node as Json).containedIn)) {
      const named = isObject(container)
        ? (container.fileObject ?? container.fileSet ?? container)
        : container;
      const id = isObject(named) ? idOf(named) : textOf(named);
      if (!ids.has(id))
        throw refuse(
          `a file is contained in "${id.slice(0, 100)}", which is not there`,
          `distribution.${index}`,
        );
    }
  return ids;
}

/** Whether the document's context gives the word a meaning: without one it says nothing (JSON-LD 1.1, section 4.1). */
function isDefined(document: Json, word: string): boolean {
  const contexts = listOf(document['@context']);
  if (!contexts.every(isObject)) return true;
  return contexts.length === 0 || contexts.some((context) => isObject(context) && word in context);
}

function checkFields(document: Json, resources: ReadonlySet<string>): number {
  const sets = listOf(document.recordSet).filter(isObject);
  const records = new Set(sets.map(idOf));
  const hasSource = isDefined(document, 'source');
  let fields = 0;
  for (const [at, set] of sets.entries()) {
    if (!typesOf(set).includes('RecordSet')) throw refuse('it is not a RecordSet', `recordSet.${at}`);
    const hasData = set.data !== undefined;
    for (const [index, field] of listOf(set.field).entries()) {
      const path = `recordSet.${at}.field.${index}`;
      if (!isObject(field)) throw refuse('a field is an object', path);
      fields += 1;
      const source = hasSource ? field.source : undefined;
      if (source === undefined && field.value === undefined && field.subField === undefined && !hasData)
        throw refuse('a field says neither source nor value', path);
      checkShape(field, path);
      if (isObject(source)) checkSource(source, resources, records, path);
    }
  }
  return fields;
}

function checkShape(field: Json, path: string): void {
  const shape = field.arrayShape;
  if (shape === undefined) return;
  if (!/^-?\d+(?:\s*,\s*-?\d+)*,?$/.test(textOf(shape).trim()))
    throw refuse('arrayShape is a list of whole numbers', `${path}.arrayShape`);
}

function checkSource(
  source: Json,
  resources: ReadonlySet<string>,
  records: ReadonlySet<string>,
  path: string,
): void {
  for (const key of ['fileObject', 'fileSet', 'distribution'] as const) {
    const named = source[key];
    if (named === undefined) continue;
    const id = isObject(named) ? idOf(named) : textOf(named);
    if (!resources.has(id)) throw refuse(`a field reads "${id.slice(0, 100)}", which is not there`, path);
  }
  const field = source.field ?? source.recordSet;
  if (field === undefined) return;
  const id = isObject(field) ? idOf(field) : textOf(field);
  if (!records.has(id) && ![...records].some((record) => id.startsWith(`${record}/`)))
    throw refuse(`a field reads "${id.slice(0, 100)}", which is not there`, path);
}

export interface Imported {
  readonly described: Described;
  /** What the document says and a dataset here has no place for, and what was changed on the way. */
  readonly warnings: readonly string[];
}

const MOST = { description: 10_000, license: 1_000, consent: 2_000, homepage: 2_000 } as const;

/**
 * What Croissant 1.0 or 1.1 metadata says of a dataset. Throws `invalid_input` with the place for what breaks its
 * rules: another type, files and record sets that are named and not there, fields without a source.
 */
export function fromCroissant(document: Json): Imported {
  demandSmall(document);
  if (!typesOf(document).includes('Dataset'))
    throw refuse('its type is not https://schema.org/Dataset', '@type');
  versionOf(document);
  const name = textOf(document.name).trim();
  if (name === '') throw refuse('it has no name', 'name');
  const fields = checkFields(document, resourcesOf(document));
  const warnings: string[] = [];
  const cut = (key: keyof typeof MOST, text: string): string => {
    const clean = text.replaceAll('\0', '').toWellFormed().trim();
    if (clean.length > MOST[key]) warnings.push(`The ${key} was cut to ${MOST[key]} characters.`);
    return clean.slice(0, MOST[key]).toWellFormed();
  };
  const cleanName =
    datasetNameProblem(name) === null ? name : name.replaceAll(/[^\p{L}\p{N} ._-]+/gu, '-').slice(0, 200);
  if (cleanName !== name) warnings.push(`The name became "${cleanName}".`);
  if (fields > 0) warnings.push('Fields are read from the data itself when it is pushed.');
  if (document.citeAs !== undefined) warnings.push('The citation was not taken over.');
  return {
    described: {
      name: cleanName,
      description: cut('description', textOf(document.description)),
      license: cut('license', textOf(document.license)),
      consent: cut('consent', textOf(document['rai:personalSensitiveInformation'])),
      homepage: cut('homepage', textOf(document.url)),
    },
    warnings,
  };
}

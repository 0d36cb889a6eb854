import { parse } from 'yaml';
import { type FoundFacts, type LibraryFact, NOTHING_FOUND } from './types.ts';

/** Larger descriptions are not read: JSON and lists of requirements. */
export const MAX_DESCRIPTION_BYTES = 256 * 1024;
/** Larger YAML is not read: what parsing takes grows faster than its length. */
const MAX_YAML_CHARS = 16 * 1024;
const MAX_YAML_LINES = 600;
/** Descriptions whose front matter is not closed by then have none. */
const MAX_FRONT_MATTER = MAX_YAML_CHARS + 64;
const MAX_TEXT = 200;
const MAX_LIST = 50;
const MAX_LIBRARIES = 300;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string =>
  typeof value === 'string' ? value.trim().replace(/\s+/g, ' ').slice(0, MAX_TEXT) : '';

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value])
    .slice(0, MAX_LIST)
    .map(text)
    .filter((each) => each !== '');

const MAX_NESTING = 64;
/** Sequences inside sequences on one line. */
const NESTED_DASHES = /(?:[-?][ \t]+){16}/;

/** Whether it is so long or so deep that parsing would take long. Brackets in texts count too: those are few. */
function isTooMuch(source: string): boolean {
  if (source.length > MAX_YAML_CHARS || NESTED_DASHES.test(source)) return true;
  if (source.split('\n', MAX_YAML_LINES + 1).length > MAX_YAML_LINES) return true;
  let depth = 0;
  for (const char of source) {
    if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth = Math.max(0, depth - 1);
    if (depth > MAX_NESTING) return true;
  }
  return false;
}

/** Foreign YAML without aliases or tags of its own; undefined for what is no YAML, or too much of it. */
function yamlOf(source: string): unknown {
  if (isTooMuch(source)) return undefined;
  try {
    // Looking for duplicated keys would take the square of their number.
    return parse(source, { schema: 'core', maxAliasCount: 0, uniqueKeys: false, logLevel: 'silent' });
  } catch {
    return undefined;
  }
}

function jsonOf(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

/** The YAML between the first two lines `---` of a model card (Hugging Face Hub, "Model Cards", metadata). */
function frontMatter(readme: string): Json {
  const match = /^\ufeff?---\r?\n([\s\S]*?)\r?\n---/.exec(readme.slice(0, MAX_FRONT_MATTER));
  const value = match?.[1] === undefined ? undefined : yamlOf(match[1]);
  return isObject(value) ? value : {};
}

function fromReadme(readme: string): Partial<FoundFacts> {
  const meta = frontMatter(readme);
  return {
    license: text(meta.license) || text(meta.license_name),
    task: text(meta.pipeline_tag),
    languages: texts(meta.language),
    datasets: texts(meta.datasets),
    base: texts(meta.base_model)[0] ?? '',
  };
}

/** `config.json` as transformers writes it. */
function fromConfig(source: string): Partial<FoundFacts> {
  const config = jsonOf(source);
  if (!isObject(config)) return {};
  return { architectureFamily: text(config.model_type), architecture: texts(config.architectures)[0] ?? '' };
}

/** One column or tensor of an MLflow model signature, in words. */
function columnInWords(column: unknown): string {
  if (!isObject(column)) return '';
  const name = text(column.name);
  const tensor = column['tensor-spec'];
  if (isObject(tensor)) {
    const shape = Array.isArray(tensor.shape) ? tensor.shape.slice(0, 8).map(String).join(' × ') : '';
    return `${name ? `${name}: ` : ''}${text(tensor.dtype) || 'tensor'}${shape ? ` [${shape}]` : ''}`.slice(
      0,
      MAX_TEXT,
    );
  }
  return `${name ? `${name}: ` : ''}${text(column.type) || 'value'}`;
}

function columnsInWords(signature: unknown): string[] {
  const columns = typeof signature === 'string' ? jsonOf(signature) : signature;
  return Array.isArray(columns) ? columns.slice(0, MAX_LIST).map(columnInWords).filter(Boolean) : [];
}

/** `MLmodel`, the description that MLflow puts beside a model. */
function fromMlmodel(source: string): Partial<FoundFacts> {
  const model = yamlOf(source);
  if (!isObject(model)) return {};
  const signature = isObject(model.signature) ? model.signature : {};
  const flavors = isObject(model.flavors) ? Object.keys(model.flavors) : [];
  const flavor = flavors.find((name) => name !== 'python_function') ?? flavors[0] ?? '';
  return {
    architectureFamily: text(flavor),
    inputs: columnsInWords(signature.inputs),
    outputs: columnsInWords(signature.outputs),
  };
}

/** Requirement lines as pip reads them (PEP 508), without markers and extras; what is no requirement is left out. */
export function librariesOf(requirements: string): LibraryFact[] {
  const found = new Map<string, LibraryFact>();
  for (const line of requirements.split(/\r?\n/, 2_000)) {
    const match =
      /^([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:\[[^\]]{0,200}\])?\s{0,10}(?:===?\s{0,10}([A-Za-z0-9.+!_-]{1,60}))?/.exec(
        line.trim(),
      );
    if (!match?.[1] || found.size >= MAX_LIBRARIES) continue;
    const name = match[1].toLowerCase().replace(/[-_.]+/g, '-');
    if (!found.has(name)) found.set(name, { name, version: match[2] ?? '' });
  }
  return [...found.values()];
}

type Reader = (source: string) => Partial<FoundFacts>;

/** Descriptions that are read, by the name of the file, wherever it lies; the one nearest to the root counts. */
const READERS: Readonly<Record<string, Reader>> = Object.freeze({
  'readme.md': fromReadme,
  'config.json': fromConfig,
  mlmodel: fromMlmodel,
  'requirements.txt': (source) => ({ libraries: librariesOf(source) }),
});

const nameOf = (path: string): string => (path.split('/').at(-1) ?? '').toLowerCase();

/** Files of a version that say something about it: at most one of each kind, small enough to be read. */
export function describingFiles<File extends { readonly path: string; readonly size: number }>(
  files: readonly File[],
): File[] {
  const nearest = new Map<string, File>();
  const depth = (path: string) => path.split('/').length;
  for (const file of files) {
    const name = nameOf(file.path);
    if (!(name in READERS) || file.size > MAX_DESCRIPTION_BYTES) continue;
    const known = nearest.get(name);
    if (known === undefined || depth(file.path) < depth(known.path)) nearest.set(name, file);
  }
  return [...nearest.values()];
}

/**
 * What the descriptions beside a model say. Foreign texts: whatever cannot be read counts as saying nothing. What a
 * README says goes before what configuration files say.
 */
export function readDescriptions(texts: ReadonlyMap<string, string>): FoundFacts {
  const answers = Object.entries(READERS).flatMap(([name, read]) => {
    const source = [...texts].find(([path]) => nameOf(path) === name)?.[1];
    return source === undefined || source.length > MAX_DESCRIPTION_BYTES ? [] : [read(source)];
  });
  const merged: Record<string, unknown> = { ...NOTHING_FOUND };
  for (const answer of answers) {
    for (const [key, value] of Object.entries(answer)) {
      const isNew = Array.isArray(merged[key]) ? (merged[key] as unknown[]).length === 0 : merged[key] === '';
      if (isNew && value.length > 0) merged[key] = value;
    }
  }
  return merged as unknown as FoundFacts;
}

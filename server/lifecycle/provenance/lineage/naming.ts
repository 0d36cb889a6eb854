import { nameKey } from '../datasets/model.ts';

/** Which version of a dataset here a name may mean. */
export interface Claim {
  /** Name of the dataset as names are told apart. */
  readonly nameKey: string;
  /** Null: told by its content. */
  readonly number: number | null;
  /** Merkle root or how it begins, lower-case hexadecimal; null: told by its number. */
  readonly root: string | null;
}

/** A dataset as OpenLineage names it. */
export interface ExternalName {
  readonly namespace: string;
  readonly name: string;
  /** As the version facet says; empty where it says none. */
  readonly version: string;
}

const MAX_NUMBER = 999_999_999;
const ADDRESS = /bartizan:\/\/datasets\/([^"/\s]+)\/versions\/([1-9]\d{0,8})(?!\d)/;
const LONGEST_NAME = 500;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function claim(name: string, by: { readonly number: number } | { readonly root: string }): readonly Claim[] {
  if (name === '' || name.length > LONGEST_NAME || name.includes('\0')) return [];
  const key = nameKey(name);
  return 'number' in by
    ? [{ nameKey: key, number: by.number, root: null }]
    : [{ nameKey: key, number: null, root: by.root }];
}

/** `bartizan://datasets/NAME/versions/N` in a text, or none. */
export function claimOfAddress(text: string): readonly Claim[] {
  const match = ADDRESS.exec(text);
  return match?.[1] && match[2] ? claim(decoded(match[1]), { number: Number(match[2]) }) : [];
}

/** The address in a text, as it stands there: what indexes over sources of datasets hold. */
export const addressIn = (text: string): string => ADDRESS.exec(text)?.[0] ?? '';

/** The addresses of a version: names may be percent-encoded or not. */
export const addressesOf = (name: string, number: number): readonly string[] => [
  ...new Set(
    [name, encodeURIComponent(name), encodeURI(name)].map(
      (each) => `bartizan://datasets/${each}/versions/${number}`,
    ),
  ),
];

const isRoot = (text: string, shortest: number): boolean =>
  text.length >= shortest && text.length <= 64 && /^[0-9a-f]+$/.test(text);

/** Shortest beginning of a Merkle root that names it in OpenLineage, and in MLflow, whose digests hold 36 characters. */
const OPENLINEAGE_ROOT = 12;
const MLFLOW_ROOT = 8;

function claimOfVersion(name: string, version: string): readonly Claim[] {
  const text = version.toLowerCase();
  if (isRoot(text, OPENLINEAGE_ROOT)) return claim(name, { root: text });
  return /^[1-9]\d{0,8}$/.test(text) && Number(text) <= MAX_NUMBER
    ? claim(name, { number: Number(text) })
    : [];
}

/**
 * What a dataset of OpenLineage may mean here: an address `bartizan://datasets/NAME/versions/N` in namespace and name,
 * `NAME@N` in the namespace `bartizan`, or a name whose version facet is a number, a Merkle root or its first 12 or
 * more digits.
 */
export function claimsOfName({ namespace, name, version }: ExternalName): readonly Claim[] {
  const scheme = namespace.replace(/\/+$/, '');
  const ours = scheme === 'bartizan' || scheme === 'bartizan:' || scheme.startsWith('bartizan://');
  const address = ours
    ? `${scheme.startsWith('bartizan:/') ? scheme : 'bartizan:/'}/${name.replace(/^\/+/, '')}`
    : name;
  const byAddress = claimOfAddress(address);
  if (byAddress.length > 0) return byAddress;
  const plain = name.replace(/^\/*(?:datasets\/)?/, '');
  const at = plain.lastIndexOf('@');
  if (ours && at > 0) return claimOfVersion(plain.slice(0, at), plain.slice(at + 1));
  return claimOfVersion(ours ? plain : name, version);
}

/** What a dataset of MLflow may mean: the address in its source, or its name with the first 8 or more digits of a root. */
export function claimsOfUse(use: {
  readonly name: string;
  readonly digest: string;
  readonly source: string;
}): readonly Claim[] {
  const byAddress = claimOfAddress(use.source);
  if (byAddress.length > 0) return byAddress;
  const digest = use.digest.toLowerCase();
  return isRoot(digest, MLFLOW_ROOT) ? claim(use.name, { root: digest }) : [];
}

/** Key of a dataset that runs name in MLflow: what it is called tells it. */
export const useKey = (use: {
  readonly name: string;
  readonly digest: string;
  readonly source: string;
}): string =>
  `mlflow.${Buffer.from(JSON.stringify([use.name, use.digest, addressIn(use.source)])).toString('base64url')}`;

/** What {@link useKey} was made of; undefined for other texts. */
export function useOfKey(
  key: string,
): { readonly name: string; readonly digest: string; readonly source: string } | undefined {
  if (!key.startsWith('mlflow.')) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(key.slice(7), 'base64url').toString('utf8'));
    if (!Array.isArray(parsed) || parsed.length !== 3) return undefined;
    const [name, digest, source] = parsed as unknown[];
    if (typeof name !== 'string' || typeof digest !== 'string' || typeof source !== 'string')
      return undefined;
    return [name, digest, source].some((text) => text.includes('\0')) ? undefined : { name, digest, source };
  } catch {
    return undefined;
  }
}

import { CliError, EXIT } from '../exit.ts';
import { printable } from '../output.ts';

/** A version of a dataset as people write it. */
export interface VersionName {
  readonly dataset: string;
  /** A number, or `latest`. */
  readonly version: string;
}

/** `loans@3`, or `loans` for its latest version. Names of datasets have no `@`. */
export function versionName(text: string): VersionName {
  const at = text.lastIndexOf('@');
  const dataset = at === -1 ? text : text.slice(0, at);
  const version = at === -1 ? 'latest' : text.slice(at + 1);
  if (dataset !== '' && (version === 'latest' || /^[1-9]\d{0,8}$/.test(version))) return { dataset, version };
  throw new CliError(
    `write a version like loans@3, or loans for the latest, not "${printable(text)}"`,
    EXIT.usage,
  );
}

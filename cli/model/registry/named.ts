import { CliError, EXIT } from '../../exit.ts';

export interface Named {
  readonly model: string;
  /** A number, an alias, or `latest`. */
  readonly version: string;
}

/** `MODEL@VERSION`, or `MODEL`, which means its latest version. Names may have `@` in them; versions have none. */
export function named(text: string): Named & { readonly explicit: boolean } {
  const at = text.lastIndexOf('@');
  if (at <= 0) return { model: text, version: 'latest', explicit: false };
  const version = text.slice(at + 1);
  if (version === '') {
    throw new CliError(
      `"${text}" names no version; write MODEL@3, MODEL@champion or MODEL@latest`,
      EXIT.usage,
    );
  }
  return { model: text.slice(0, at), version, explicit: true };
}

/** As {@link named}, where a version must be said. */
export function namedVersion(text: string): Named {
  const { explicit, ...found } = named(text);
  if (explicit) return found;
  throw new CliError('say which version: MODEL@3, MODEL@champion or MODEL@latest', EXIT.usage);
}

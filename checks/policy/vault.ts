import { kindLabel } from './inspect.ts';
import { endsWithinUrl, URL_LOOKBACK } from './url.ts';

/**
 * The values that one interaction took out of its request, by the placeholder that stands for each. Lives as
 * long as the interaction, is never logged or stored, and never restores a value of another interaction.
 */
export interface Vault {
  /** Notes placeholders that the text already contains, so that none of ours is mistaken for them. */
  readonly reserve: (text: string) => void;
  /** The placeholder of a value, e.g. `[CARD_NUMBER_1]`; the same kind and value get the same one. */
  readonly placeholder: (kind: string, value: string) => string;
  /**
   * Puts values back where their placeholders stand, but not within addresses: a model that was made to put a
   * placeholder into a link or image must not get us to send the value there. `before` is the text that went
   * out before this piece of it (its last 2,048 units matter).
   */
  readonly restore: (text: string, before?: string) => string;
  /** Like `restore` for text that is JSON: values are escaped as in a JSON string. */
  readonly restoreJson: (json: string, before?: string) => string;
  /** For unfinished text: the index from which a placeholder may still be incomplete; `text.length` if none. */
  readonly restoreHold: (text: string) => number;
  /** How many values are held. */
  readonly size: () => number;
}

const PLACEHOLDER = /\[[A-Z][A-Z0-9_]{0,40}_[0-9]{1,7}\]/g;

function jsonEscaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** An empty vault, one per interaction. */
export function createVault(): Vault {
  const valueOf = new Map<string, string>();
  const placeholderOf = new Map<string, string>();
  const taken = new Set<string>();
  const lastNumber = new Map<string, number>();
  let longest = 0;

  function restoreWith(text: string, before: string, escape: (value: string) => string): string {
    if (valueOf.size === 0 || !text.includes('[')) return text;
    return text.replace(PLACEHOLDER, (found, offset: number) => {
      const value = valueOf.get(found);
      if (value === undefined) return found;
      const missing = URL_LOOKBACK - offset;
      const own = text.slice(Math.max(0, offset - URL_LOOKBACK), offset);
      const preceding = missing > 0 && before !== '' ? before.slice(-missing) + own : own;
      return endsWithinUrl(preceding) ? found : escape(value);
    });
  }

  return Object.freeze({
    reserve(text: string): void {
      if (!text.includes('[')) return;
      for (const [found] of text.matchAll(PLACEHOLDER)) if (!valueOf.has(found)) taken.add(found);
    },
    placeholder(kind: string, value: string): string {
      const label = kindLabel(kind);
      const key = `${label}\n${value}`;
      const known = placeholderOf.get(key);
      if (known !== undefined) return known;
      let number = lastNumber.get(label) ?? 0;
      let name: string;
      do {
        number += 1;
        name = `[${label}_${number}]`;
      } while (taken.has(name));
      lastNumber.set(label, number);
      placeholderOf.set(key, name);
      valueOf.set(name, value);
      longest = Math.max(longest, name.length);
      return name;
    },
    restore: (text: string, before = '') => restoreWith(text, before, (value) => value),
    restoreJson: (json: string, before = '') => restoreWith(json, before, jsonEscaped),
    restoreHold(text: string): number {
      if (valueOf.size === 0) return text.length;
      // A placeholder has `[` only at its start, so that only the last one can be unfinished.
      const start = text.lastIndexOf('[');
      if (start < 0 || text.length - start >= longest) return text.length;
      const begun = text.slice(start);
      for (const name of valueOf.keys()) if (name !== begun && name.startsWith(begun)) return start;
      return text.length;
    },
    size: () => valueOf.size,
  });
}

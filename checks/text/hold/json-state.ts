import { irreversible } from '../../policy/redact.ts';
import type { PolicyFinding } from '../../policy/types.ts';

/** Follows a JSON text as it is released, to keep it JSON where a bare number is redacted. */
export interface JsonState {
  /**
   * Moves on over `text`, which follows what was read before. Answers `findings` (offsets into `text`), those
   * that start outside a string with a replacement in quotes.
   */
  readonly quoteBare: (text: string, findings: readonly PolicyFinding[]) => readonly PolicyFinding[];
}

/** At the beginning of a JSON text. */
export function createJsonState(): JsonState {
  let inString = false;
  let escaped = false;

  function read(text: string, from: number, to: number): void {
    for (let index = from; index < to; index += 1) {
      const code = text.charCodeAt(index);
      if (escaped) escaped = false;
      else if (code === 34) inString = !inString;
      else if (code === 92 && inString) escaped = true;
    }
  }

  return Object.freeze({
    quoteBare(text: string, findings: readonly PolicyFinding[]): readonly PolicyFinding[] {
      let at = 0;
      const quoted = findings
        .toSorted((a, b) => a.start - b.start)
        .map((finding) => {
          read(text, at, finding.start);
          at = Math.max(at, finding.start);
          // A find that begins with the quote of its string takes the quote with it.
          if (inString) return finding;
          return { ...finding, replacement: JSON.stringify(irreversible(finding)) };
        });
      read(text, at, text.length);
      return quoted;
    },
  });
}

import { artifactPathKey, artifactPathProblem } from '@bartizan/contracts/artifact-paths.ts';
import { invalid } from './model.ts';

/** How often a name that was encoded again and again is decoded to see what it hides. */
const MAX_DECODINGS = 4;

/** What is left when percent-encoding is taken off, step by step; the text itself first. */
function* decodings(path: string): Generator<string> {
  let text = path;
  yield text;
  for (let step = 0; step < MAX_DECODINGS && text.includes('%'); step++) {
    let next: string;
    try {
      next = decodeURIComponent(text);
    } catch {
      return;
    }
    if (next === text) return;
    text = next;
    yield text;
  }
}

/** A scheme before the first slash: clients might take it for an address. */
const SCHEME = /^[a-z][a-z0-9+.-]*:(?:\/|$)/i;

/**
 * The path of a file or folder below a run or model, as it was sent, without slashes around it; `''` is the root
 * itself. Throws `invalid_input` for everything that could leave the folder it is written to, now or after somebody
 * decodes it again: `..`, backslashes, control characters, addresses (CVE-2023-6909, CVE-2024-1483, CVE-2024-3848).
 */
export function artifactPath(sent: string): string {
  const path = sent.replace(/^\/|\/$/g, '');
  if (path === '') return '';
  for (const form of decodings(path)) {
    const problem = artifactPathProblem(form);
    if (problem !== null) throw invalid(`Invalid path: it ${problem}`);
    if (SCHEME.test(form)) throw invalid('Invalid path: it begins like an address');
    if (/[?#]/.test(form) && form !== path) throw invalid('Invalid path: it hides a query or fragment');
  }
  return path;
}

export { artifactPathKey };

import { ALLOWED_LIBRARIES } from './allowed-libraries.ts';
import { ALLOWED_PYTHON } from './allowed-python.ts';
import { ALLOWED_SKLEARN } from './allowed-sklearn.ts';
import { ALLOWED_TORCH } from './allowed-torch.ts';
import type { NameTable } from './names.ts';

const TABLES: readonly NameTable[] = [ALLOWED_PYTHON, ALLOWED_LIBRARIES, ALLOWED_SKLEARN, ALLOWED_TORCH];

const ALLOWED: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const all = new Map<string, Set<string>>();
  for (const table of TABLES) {
    for (const [module, names] of Object.entries(table)) {
      const known = all.get(module) ?? new Set<string>();
      for (const name of names.split(' ')) known.add(name);
      all.set(module, known);
    }
  }
  return all;
})();

/** Classes of TorchScript archives: a name space of its own, which Python cannot import. */
const TORCHSCRIPT = /^__torch__(?:\.[A-Za-z_]\w{0,100}){0,30}$/;
const IDENTIFIER = /^[A-Za-z_]\w{0,100}$/;

/**
 * True for names that rebuild plain data or models and that do no harm whatever they are called with, as long as
 * their arguments are made of allowed names only.
 */
export function isAllowed(module: string, name: string): boolean {
  return ALLOWED.get(module)?.has(name) === true || (TORCHSCRIPT.test(module) && IDENTIFIER.test(name));
}

import { fileURLToPath } from 'node:url';
import { confinedNode, type NodeCommand, packageOf } from '../../../platform/node-command.ts';

/** Code of this domain; nothing else lies there. */
const OURS = fileURLToPath(new URL('..', import.meta.url));

/**
 * How a process that reads foreign data is started. It may read our own code and its own folder, write that folder
 * alone, and start nothing. The one native library that it loads is DuckDB, which is confined to its input by itself
 * (`checks/datasets/read/engine.ts`).
 */
export const confinedCommand = (
  entry: string,
  { heapMb, folder }: { readonly heapMb: number; readonly folder: string },
): NodeCommand =>
  confinedNode(entry, {
    packages: [
      OURS,
      packageOf('@bartizan/checks/datasets/read/index.ts', 3),
      packageOf('@bartizan/contracts', 1),
    ],
    readable: [folder],
    writable: [folder],
    addons: true,
    heapMb,
  });

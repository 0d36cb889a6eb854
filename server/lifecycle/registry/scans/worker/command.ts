import { fileURLToPath } from 'node:url';
import { confinedNode, type NodeCommand, packageOf } from '../../../../platform/node-command.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * How the process that reads foreign files is started: it may read our own code and nothing else of the disk, and
 * neither write, start programs nor load native code.
 */
export const workerCommand = (memoryMb: number): NodeCommand =>
  confinedNode(fileURLToPath(new URL('child.ts', import.meta.url)), {
    packages: [HERE, packageOf('@bartizan/checks/artifacts/scan.ts', 2)],
    // Most of what a scan holds are buffers outside of this heap: those are watched by their process's size.
    heapMb: Math.max(64, Math.floor(memoryMb * 0.75)),
  });

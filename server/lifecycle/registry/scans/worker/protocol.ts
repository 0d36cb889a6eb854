import type { ScanOutcome } from '@bartizan/checks/artifacts/types.ts';

/** What the server says to the process that reads a file. Bytes come in answer to `read` only. */
export type ToWorker =
  | { readonly type: 'scan'; readonly size: number; readonly weights: boolean; readonly memoryBytes: number }
  | { readonly type: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'unreadable'; readonly id: number };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'read'; readonly id: number; readonly offset: number; readonly length: number }
  | { readonly type: 'reached'; readonly offset: number }
  | { readonly type: 'judged'; readonly outcome: ScanOutcome }
  /** The scanner itself broke off, by a fault of ours; `where` is the first line of its stack, without content. */
  | { readonly type: 'broken'; readonly where: string };

/** The process ends with this when it has taken more memory than it may. */
export const EXIT_MEMORY = 76;

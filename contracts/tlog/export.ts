/**
 * The lines of an export, in this order: one `log`, then `key`, `witness` and `checkpoint` lines (the newest
 * checkpoint, over `size`, is the last), `tree` lines with the roots of full blocks of 256 entries, one `edge` with
 * the leaf hashes of the last block where it is not full; then for each block `leaves` and its `entry` lines; `end`.
 * Each line is a JSON object. docs/guide/audit.md describes it.
 */
export const EXPORT_FORMAT = 'bartizan-audit-export/1';

export interface ExportHead {
  readonly origin: string;
  readonly size: number;
  readonly exportedAt: number;
}

const line = (value: Readonly<Record<string, unknown>>): string => `${JSON.stringify(value)}\n`;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Writes the lines. `leaf` is the canonical text of an entry, which stands in the line as it is. */
export const exportLine = Object.freeze({
  log: (head: ExportHead) => line({ type: 'log', format: EXPORT_FORMAT, ...head }),
  key: (key: { readonly verifierKey: string; readonly vouchedBy: string | null }) =>
    line({ type: 'key', verifierKey: key.verifierKey, vouchedBy: key.vouchedBy }),
  witness: (verifierKey: string) => line({ type: 'witness', verifierKey }),
  checkpoint: (note: string) => line({ type: 'checkpoint', note }),
  tree: (hashes: Uint8Array) => line({ type: 'tree', hashes: base64(hashes) }),
  edge: (hashes: Uint8Array) => line({ type: 'edge', hashes: base64(hashes) }),
  leaves: (start: number, hashes: Uint8Array) => line({ type: 'leaves', start, hashes: base64(hashes) }),
  entry: (index: number, leaf: string) => `{"type":"entry","index":${index},"entry":${leaf}}\n`,
  end: (entries: number) => line({ type: 'end', entries }),
});

export type ExportLine =
  | { readonly type: 'log'; readonly format: string; readonly head: ExportHead }
  | { readonly type: 'key'; readonly verifierKey: string; readonly vouchedBy: string | null }
  | { readonly type: 'witness'; readonly verifierKey: string }
  | { readonly type: 'checkpoint'; readonly note: string }
  | { readonly type: 'tree' | 'edge'; readonly hashes: Buffer }
  | { readonly type: 'leaves'; readonly start: number; readonly hashes: Buffer }
  | { readonly type: 'entry'; readonly index: number; readonly leaf: string }
  | { readonly type: 'end'; readonly entries: number };

/** Longest line: an entry of 64 KiB, or 256 hashes. */
export const MAX_LINE = 200_000;
const ENTRY = /^\{"type":"entry","index":(0|[1-9]\d{0,15}),"entry":/;
const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
const hashes = (value: unknown): Buffer | null => {
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length % 32 === 0 && bytes.length <= 256 * 32 && bytes.toString('base64') === value
    ? bytes
    : null;
};

/** Reads one line, without its line break; null when it is none of an export. */
export function parseExportLine(text: string): ExportLine | null {
  if (text.length > MAX_LINE) return null;
  const entry = ENTRY.exec(text);
  if (entry) {
    if (!text.endsWith('}')) return null;
    return { type: 'entry', index: Number(entry[1]), leaf: text.slice(entry[0].length, -1) };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return parseObject(value as Record<string, unknown>);
}

function parseObject(value: Readonly<Record<string, unknown>>): ExportLine | null {
  const { verifierKey, vouchedBy, note, origin, format } = value;
  switch (value.type) {
    case 'log': {
      const [size, exportedAt] = [count(value.size), count(value.exportedAt)];
      if (typeof origin !== 'string' || typeof format !== 'string' || size === null || exportedAt === null)
        return null;
      return { type: 'log', format, head: { origin, size, exportedAt } };
    }
    case 'key':
      if (typeof verifierKey !== 'string' || (typeof vouchedBy !== 'string' && vouchedBy !== null))
        return null;
      return { type: 'key', verifierKey, vouchedBy };
    case 'witness':
      return typeof verifierKey === 'string' ? { type: 'witness', verifierKey } : null;
    case 'checkpoint':
      return typeof note === 'string' ? { type: 'checkpoint', note } : null;
    case 'tree':
    case 'edge': {
      const bytes = hashes(value.hashes);
      return bytes && { type: value.type, hashes: bytes };
    }
    case 'leaves': {
      const [bytes, start] = [hashes(value.hashes), count(value.start)];
      return bytes && start !== null ? { type: 'leaves', start, hashes: bytes } : null;
    }
    case 'end': {
      const entries = count(value.entries);
      return entries === null ? null : { type: 'end', entries };
    }
    default:
      return null;
  }
}

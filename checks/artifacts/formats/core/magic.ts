/** What files look like that are no model format of ours. */
export interface Magic {
  readonly name: string;
  /**
   * - `program`: native code, runs when started or loaded as a library;
   * - `script`: text that runs when started as a program;
   * - `archive`: may hold anything, and is not opened;
   * - `inert`: a picture, a document, a table: nothing loads it as a model.
   */
  readonly is: 'program' | 'script' | 'archive' | 'inert';
  /** Short name, of inert ones. */
  readonly format?: string;
}

interface Mark extends Magic {
  readonly at: number;
  readonly bytes: string;
}

const MARKS: readonly Mark[] = [
  { name: 'an ELF program', is: 'program', at: 0, bytes: '\x7fELF' },
  { name: 'a Mach-O program', is: 'program', at: 0, bytes: '\xcf\xfa\xed\xfe' },
  { name: 'a Mach-O program', is: 'program', at: 0, bytes: '\xca\xfe\xba\xbe\x00\x00\x00' },
  { name: 'a script', is: 'script', at: 0, bytes: '#!/' },
  { name: 'a RAR archive', is: 'archive', at: 0, bytes: 'Rar!\x1a\x07' },
  { name: 'a 7z archive', is: 'archive', at: 0, bytes: "7z\xbc\xaf'\x1c" },
  { name: 'an xz stream', is: 'archive', at: 0, bytes: '\xfd7zXZ\x00' },
  { name: 'a Zstandard stream', is: 'archive', at: 0, bytes: '\x28\xb5\x2f\xfd' },
  { name: 'an LZ4 stream', is: 'archive', at: 0, bytes: '\x04\x22\x4d\x18' },
  { name: 'a bzip2 stream', is: 'archive', at: 0, bytes: 'BZh' },
  { name: 'a gzip stream', is: 'archive', at: 0, bytes: '\x1f\x8b\x08' },
  { name: 'a cabinet archive', is: 'archive', at: 0, bytes: 'MSCF\x00\x00\x00\x00' },
  { name: 'a zip archive', is: 'archive', at: 0, bytes: 'PK\x03\x04' },
  { name: 'a PNG picture', is: 'inert', format: 'png', at: 0, bytes: '\x89PNG\r\n\x1a\n' },
  { name: 'a JPEG picture', is: 'inert', format: 'jpeg', at: 0, bytes: '\xff\xd8\xff' },
  { name: 'a GIF picture', is: 'inert', format: 'gif', at: 0, bytes: 'GIF8' },
  { name: 'a WebP or WAV file', is: 'inert', format: 'riff', at: 0, bytes: 'RIFF' },
  { name: 'a PDF document', is: 'inert', format: 'pdf', at: 0, bytes: '%PDF-' },
  { name: 'a Parquet table', is: 'inert', format: 'parquet', at: 0, bytes: 'PAR1' },
  { name: 'an Arrow table', is: 'inert', format: 'arrow', at: 0, bytes: 'ARROW1' },
  { name: 'a TensorFlow Lite model', is: 'inert', format: 'tflite', at: 4, bytes: 'TFL3' },
  { name: 'a CatBoost model', is: 'inert', format: 'catboost', at: 0, bytes: 'CBM1' },
  { name: 'an XGBoost model', is: 'inert', format: 'xgboost', at: 0, bytes: 'binf' },
  { name: 'an XGBoost model', is: 'inert', format: 'xgboost', at: 0, bytes: '{L\x00\x00\x00\x00\x00\x00' },
  { name: 'a fastText model', is: 'inert', format: 'fasttext', at: 0, bytes: '\xba\x16\x4f\x2f' },
  { name: 'a Feather table', is: 'inert', format: 'arrow', at: 0, bytes: 'FEA1' },
  { name: 'an SQLite database', is: 'inert', format: 'sqlite', at: 0, bytes: 'SQLite format 3\x00' },
];

/** The first mark that `head` begins with. */
export function magicOf(head: Uint8Array): Magic | undefined {
  if (head[0] === 0x4d && head[1] === 0x5a && isPortableExecutable(head)) {
    return { name: 'a Windows program', is: 'program' };
  }
  return MARKS.find(({ at, bytes }) => {
    for (let index = 0; index < bytes.length; index += 1) {
      if (head[at + index] !== bytes.charCodeAt(index)) return false;
    }
    return true;
  });
}

/** `MZ` alone is too short a mark: the header that it points to must be there. */
function isPortableExecutable(head: Uint8Array): boolean {
  if (head.length < 64) return false;
  const at = new DataView(head.buffer, head.byteOffset, 64).getUint32(60, true);
  return head[at] === 0x50 && head[at + 1] === 0x45 && head[at + 2] === 0;
}

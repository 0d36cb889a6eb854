import { Buffer } from 'node:buffer';
import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip that is made by hand; what the two headers say can be set apart. */
export interface MadeEntry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  readonly flags?: number;
  readonly crc?: number;
  readonly local?: {
    readonly name?: string;
    readonly flags?: number;
    readonly method?: number;
    readonly packed?: number;
  };
  /** Left out of the directory. */
  readonly unlisted?: boolean;
}

interface Placed extends MadeEntry {
  readonly at: number;
  readonly packed: Uint8Array;
}

function header(entry: MadeEntry, packed: Uint8Array, central: boolean): Buffer {
  const own = central ? {} : (entry.local ?? {});
  const name = Buffer.from(own.name ?? entry.name, 'utf8');
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(own.flags ?? entry.flags ?? 0, 2);
  fields.writeUInt16LE(own.method ?? (entry.deflate === true ? 8 : 0), 4);
  fields.writeUInt32LE(entry.crc ?? crc32(entry.content), 10);
  fields.writeUInt32LE(own.packed ?? packed.length, 14);
  fields.writeUInt32LE(entry.content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return Buffer.concat([fields, central ? Buffer.alloc(0) : name]);
}

const mark = (...codes: number[]): Buffer => Buffer.from([0x50, 0x4b, ...codes]);

/** A zip of `entries`, one after the other. */
export function makeZip(entries: readonly MadeEntry[]): Buffer {
  const placed: Placed[] = [];
  const parts: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const packed = entry.deflate === true ? deflateRawSync(entry.content) : entry.content;
    const local = Buffer.concat([mark(3, 4), header(entry, packed, false), packed]);
    placed.push({ ...entry, at, packed });
    parts.push(local);
    at += local.length;
  }
  const listed = placed.filter(({ unlisted }) => unlisted !== true);
  const directory = Buffer.concat(
    listed.map((entry) => {
      const rest = Buffer.alloc(14);
      rest.writeUInt32LE(entry.at, 10);
      return Buffer.concat([
        mark(1, 2),
        Buffer.from([20, 0]),
        header(entry, entry.packed, true),
        rest,
        Buffer.from(entry.name),
      ]);
    }),
  );
  const end = Buffer.alloc(18);
  end.writeUInt16LE(listed.length, 4);
  end.writeUInt16LE(listed.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, directory, mark(5, 6), end]);
}

/** A tar of `entries`, ustar headers. */
export function makeTar(
  entries: readonly {
    readonly name: string;
    readonly content: Uint8Array;
    readonly type?: string;
    readonly link?: string;
  }[],
): Buffer {
  const parts = entries.flatMap(({ name, content, type = '0', link = '' }) => {
    const block = Buffer.alloc(512);
    block.write(name, 0, 100, 'utf8');
    block.write('0000644\0', 100);
    block.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    block.write('        ', 148);
    block.write(type, 156);
    block.write(link, 157, 100, 'utf8');
    block.write('ustar\x0000', 257, 'latin1');
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [block, Buffer.from(content), padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(1_024)]);
}

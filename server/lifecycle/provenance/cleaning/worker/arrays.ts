import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { parseNpyHeader } from '@bartizan/checks/datasets/read/npy.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { RowSet } from './rows.ts';

const MAX_HEAD = 1_048_576 + 12;
const ALIGN = 64;

/** A header of version 1.0 (NEP 1), padded so that the numbers begin at a multiple of 64. */
function headOf(descr: string, shape: readonly number[]): Buffer {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sides}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGN) * ALIGN - 10;
  if (length > 0xffff) throw new DatasetInputError('The array has too many sides to be written.');
  const head = Buffer.alloc(10 + length, ' ');
  head.write('\x93NUMPY\x01\x00', 0, 'latin1');
  head.writeUInt16LE(length, 8);
  head.write(`${text}`, 10, 'latin1');
  head[9 + length] = 10;
  return head;
}

/** Copies an npy file without some rows. */
export async function copyArray(from: string, to: string, drop: RowSet): Promise<void> {
  const input = await open(from, 'r');
  const head = Buffer.alloc(MAX_HEAD);
  const { bytesRead } = await input.read(head, 0, MAX_HEAD, 0).finally(() => input.close());
  const { descr, shape, offset } = parseNpyHeader(head.subarray(0, bytesRead), (await stat(from)).size);
  const [rows = 0, ...sides] = shape;
  const width = sides.reduce((product, side) => product * side, 1) * Number(descr.slice(2));
  const out = await open(to, 'wx', 0o600);
  try {
    await out.writeFile(headOf(descr, [rows - drop.size, ...sides]));
    let begin = 0;
    // Runs of rows that stay are copied at once.
    for (const end of [...drop.rows, rows]) {
      if (end > begin && width > 0)
        for await (const part of createReadStream(from, {
          start: offset + begin * width,
          end: offset + end * width - 1,
        }))
          await out.writeFile(part as Buffer);
      begin = end + 1;
    }
    await out.sync();
  } finally {
    await out.close();
  }
}

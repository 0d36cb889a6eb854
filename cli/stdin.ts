import { CliError, EXIT } from './exit.ts';

/** Reads standard input to its end as UTF-8. Throws when it is longer than `maxBytes` or not UTF-8. */
export async function readStdin(maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw new CliError(`the input is longer than ${maxBytes} bytes`, EXIT.failed);
    chunks.push(chunk as Buffer);
  }
  return decodeUtf8(Buffer.concat(chunks), 'standard input');
}

/** Strict UTF-8; a leading byte-order mark goes. */
export function decodeUtf8(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(`${name} is not UTF-8 text`, EXIT.failed);
  }
}

import { describe, expect, it } from 'vitest';
import { scanned } from '../core/testing.ts';
import { buildSafetensors } from './build.ts';

const tensor = (dtype: string, shape: number[], offsets: number[]) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('safetensors', () => {
  it('passes sound files, also with types of under a byte', async () => {
    expect(await scanned(buildSafetensors())).toMatchObject({ format: 'safetensors', verdict: 'clean' });
    const packed = buildSafetensors({
      header: `{"q":${tensor('F4', [6], [0, 3])},"z":${tensor('F32', [0], [3, 3])}}`,
      data: new Uint8Array(3),
    });
    expect((await scanned(packed)).verdict).toBe('clean');
    const padded = buildSafetensors({
      header: `{"w":${tensor('U8', [2], [0, 2])}}      `,
      data: new Uint8Array(2),
    });
    expect((await scanned(padded)).verdict).toBe('clean');
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'doubled names',
      buildSafetensors({
        header: `{"w":${tensor('U8', [4], [0, 4])},"w":${tensor('U8', [4], [0, 4])}}`,
        data: new Uint8Array(4),
      }),
      /twice/,
    ],
    [
      'a hole',
      buildSafetensors({
        header: `{"a":${tensor('U8', [2], [0, 2])},"b":${tensor('U8', [2], [6, 8])}}`,
        data: new Uint8Array(8),
      }),
      /4 bytes before tensor "b"/,
    ],
    [
      'an overlap',
      buildSafetensors({
        header: `{"a":${tensor('U8', [4], [0, 4])},"b":${tensor('U8', [4], [1, 5])}}`,
        data: new Uint8Array(5),
      }),
      /overlaps/,
    ],
    [
      'a shape that does not fit',
      buildSafetensors({ header: `{"a":${tensor('F32', [9], [0, 4])}}`, data: new Uint8Array(4) }),
      /needs 36 bytes/,
    ],
    [
      'an overflowing shape',
      buildSafetensors({
        header: `{"a":${tensor('F32', [4294967296, 4294967296], [0, 4])}}`,
        data: new Uint8Array(4),
      }),
      /needs/,
    ],
    [
      'a pickle in the metadata',
      buildSafetensors({
        header: `{"__metadata__":{"x":"${Buffer.concat([Buffer.from([0x80, 4]), Buffer.alloc(60, 66), Buffer.from('.')]).toString('base64')}"},"a":${tensor('U8', [1], [0, 1])}}`,
        data: new Uint8Array(1),
      }),
      /pickle in base64/,
    ],
    [
      'text behind the header',
      buildSafetensors({ header: '{} import os', data: new Uint8Array(0) }),
      /more text/,
    ],
  ])('finds %s', async (_, file, message) => {
    const { verdict, messages } = await scanned(file);
    expect(verdict).toBe('suspicious');
    expect(messages.join('\n')).toMatch(message);
  });

  it.each<[string, Uint8Array]>([
    ['a header beyond the file', buildSafetensors({ headerLength: 5000 })],
    ['a header beyond all limits', buildSafetensors({ headerLength: 2 ** 33 })],
    ['tensors beyond the file', buildSafetensors({ data: new Uint8Array(8) })],
    ['a header that breaks off', buildSafetensors({ header: '{"w":{"dtype":"F32"' })],
    ['negative offsets', buildSafetensors({ header: `{"w":${tensor('U8', [1], [-1, 0])}}` })],
    ['nesting', buildSafetensors({ header: `{"w":${'['.repeat(5000)}${']'.repeat(5000)}}` })],
  ])('never calls %s clean', async (_, file) => {
    expect((await scanned(file)).verdict).toBe('error');
  });

  it('measures the bytes after the end', async () => {
    const { findings } = await scanned(
      buildSafetensors({ after: Uint8Array.from({ length: 256 }, (_, i) => i) }),
    );
    expect(findings[0]?.evidence.details).toEqual({ bytes: 256, entropyBitsPerByte: 8 });
    const program = await scanned(buildSafetensors({ after: new TextEncoder().encode('\x7fELF and so on') }));
    expect(program.messages.join()).toMatch(/ELF/);
  });
});

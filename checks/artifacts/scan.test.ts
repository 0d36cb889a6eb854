import { describe, expect, it } from 'vitest';
import { buildGguf } from './formats/gguf/build.ts';
import { buildSafetensors } from './formats/safetensors/build.ts';
import { outcomeBuilder } from './outcome.ts';
import { artifactChecks, scanArtifact } from './scan.ts';
import { bytesSource } from './source/bytes.ts';
import { type AnyArtifactCheck, type ByteSource, ScanFault } from './types.ts';
import { verdictOf } from './verdict.ts';

/** A pickle of protocol 2 that calls `posix.system`. */
const evilPickle = Uint8Array.from([
  0x80,
  2,
  ...new TextEncoder().encode('cposix\nsystem\nX'),
  2,
  0,
  0,
  0,
  0x69,
  0x64,
  0x85,
  0x52,
  0x2e,
]);

describe('the dispatcher', () => {
  it('knows every check by one id, each with samples of both kinds', () => {
    const ids = artifactChecks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['artifacts/pickle', 'artifacts/gguf', 'artifacts/config']));
  });

  it('lets every format judge that recognises a file', async () => {
    // A safetensors file whose tensors are a zip of their own for readers that look from the end.
    const end = new Uint8Array(22);
    end.set([0x50, 0x4b, 5, 6]);
    const header = '{"w":{"dtype":"U8","shape":[22],"data_offsets":[0,22]}}';
    const outcome = await scanArtifact(bytesSource(buildSafetensors({ header, data: end })));
    expect(verdictOf(outcome)).not.toBe('clean');
    expect(verdictOf(await scanArtifact(bytesSource(evilPickle)))).toBe('malicious');
  });

  it('takes a mark for chance where its format breaks off at once and another one fits the whole file', async () => {
    // A header of 640 bytes: the file begins like a pickle of protocol 2.
    for (const length of [128, 640, 896, 1152]) {
      const header = '{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'.padEnd(length);
      const outcome = await scanArtifact(bytesSource(buildSafetensors({ header })));
      expect(outcome).toMatchObject({ format: 'safetensors', errors: [] });
    }
    const broken = buildSafetensors({
      header: '{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}'.padEnd(640),
    });
    expect(verdictOf(await scanArtifact(bytesSource(broken)))).toBe('error');
  });

  it('stops at its depth, and says so', async () => {
    const nested: AnyArtifactCheck = {
      ...(artifactChecks[0] as AnyArtifactCheck),
      recognise: () => 'yes',
      judge: async ({ source, context }) => {
        const outcome = outcomeBuilder(context);
        outcome.include(
          await context.scanMember(source, {
            ...context,
            depth: context.depth + 1,
            path: `${context.path}!x`,
          }),
        );
        return outcome.finish('nested');
      },
    };
    const outcome = await scanArtifact(bytesSource(Uint8Array.of(1)), {
      checks: [nested],
      limits: { depth: 5 },
    });
    expect(outcome.errors).toHaveLength(1);
    expect(outcome.errors[0]).toMatchObject({ path: '!x!x!x!x!x!x' });
  });

  it('turns a content that cannot be read into an error, and passes faults of the medium on', async () => {
    const source = (error: Error): ByteSource => ({
      size: 100,
      read: () => {
        throw error;
      },
    });
    const outcome = await scanArtifact(source(new ScanFault('bad checksum', 7)));
    expect(outcome.errors[0]).toMatchObject({ message: 'bad checksum', offset: 7 });
    await expect(scanArtifact(source(new Error('the disk is gone')))).rejects.toThrow('disk');
  });

  it('ends when the checkpoint says so', async () => {
    const checkpoint = () => {
      throw new Error('enough');
    };
    await expect(scanArtifact(bytesSource(buildGguf()), { checkpoint })).rejects.toThrow('enough');
  });

  it('keeps no more findings than asked for, and is not clean then', async () => {
    const file = buildGguf({ template: '{{ x.__class__ }}'.repeat(10) });
    const outcome = await scanArtifact(bytesSource(file), { limits: { findings: 2 } });
    expect(outcome.findings).toHaveLength(2);
    expect(outcome.errors).toHaveLength(1);
  });
});

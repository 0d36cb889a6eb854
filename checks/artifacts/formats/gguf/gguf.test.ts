import { describe, expect, it } from 'vitest';
import { scanned } from '../core/testing.ts';
import { buildGguf } from './build.ts';

const INJECTION = '{% for c in ().__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}';

describe('GGUF', () => {
  it.each([1, 2, 3] as const)('reads version %d, in both byte orders', async (version) => {
    for (const bigEndian of [false, true]) {
      const sound = buildGguf({ version, bigEndian, template: "{{ messages[0]['content'] }}" });
      expect(await scanned(sound)).toMatchObject({ format: 'gguf', verdict: 'clean', findings: [] });
      const bad = buildGguf({ version, bigEndian, template: INJECTION });
      expect((await scanned(bad)).verdict).toBe('malicious');
    }
  });

  it('judges named templates, and templates in arrays', async () => {
    const named = buildGguf({ texts: [['tokenizer.chat_template.tool_use', INJECTION]] });
    expect((await scanned(named)).verdict).toBe('malicious');
    const listed = buildGguf({ arrays: [['tokenizer.chat_templates', ['x', INJECTION]]] });
    expect((await scanned(listed)).verdict).toBe('malicious');
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['a doubled key', buildGguf({ texts: [['general.architecture', 'x']] }), /twice/],
    [
      'overlapping tensors',
      buildGguf({
        tensors: [
          { name: 'a', dims: [8], type: 0, offset: 0 },
          { name: 'b', dims: [8], type: 0, offset: 0 },
        ],
      }),
      /overlaps/,
    ],
    ['appended bytes', buildGguf({ data: new Uint8Array(96).fill(9) }), /64 bytes follow/],
  ])('finds %s', async (_, file, message) => {
    const { verdict, messages } = await scanned(file);
    expect(verdict).toBe('suspicious');
    expect(messages.join()).toMatch(message);
  });

  it.each<[string, Uint8Array]>([
    ['a count beyond the file', buildGguf({ tensorCount: 2 ** 40 })],
    ['tensors beyond the file', buildGguf({ tensors: [{ name: 'a', dims: [2 ** 30], type: 0, offset: 0 }] })],
    [
      'sizes that overflow',
      buildGguf({ tensors: [{ name: 'a', dims: [2 ** 50, 2 ** 50], type: 0, offset: 0 }] }),
    ],
    ['an early end', buildGguf().slice(0, 60)],
    ['an unknown version', buildGguf().with(4, 9)],
  ])('never calls %s clean', async (_, file) => {
    expect((await scanned(file)).verdict).toBe('error');
  });
});

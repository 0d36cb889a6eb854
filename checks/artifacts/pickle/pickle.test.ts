import { Buffer } from 'node:buffer';
import { deflateSync, gzipSync } from 'node:zlib';
import { cpuMs } from '@bartizan/contracts/testing.ts';
import { describe, expect, test } from 'vitest';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import type { ArtifactFinding, ByteSource, ScanOutcome } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { assemble, callOf, op } from './assemble.ts';

const scan = (content: Uint8Array): Promise<ScanOutcome> => scanArtifact(bytesSource(content));

async function findings(content: Uint8Array): Promise<readonly ArtifactFinding[]> {
  return (await scan(content)).findings;
}

/** The calls that loading would make, as the report shows them. */
async function calls(content: Uint8Array): Promise<(string | undefined)[]> {
  return (await findings(content))
    .filter(({ evidence }) => evidence.call !== undefined)
    .map(({ evidence }) => evidence.call);
}

const verdict = async (content: Uint8Array): Promise<string> => verdictOf(await scan(content));
const EVIL = callOf('os', 'system', 'id');
const weights = Buffer.concat([op.emptyDict, op.mark, op.text('w'), op.int(1), op.setItems]);
const stackGlobal = (module: string, name: string): Buffer =>
  Buffer.concat([op.text(module), op.text(name), op.stackGlobal]);
const join = (...parts: Uint8Array[]): Buffer => Buffer.concat(parts);

describe('what loading calls', () => {
  test.each<[string, Uint8Array, string]>([
    ['GLOBAL and REDUCE', assemble(EVIL), 'os.system("id")'],
    [
      'STACK_GLOBAL',
      assemble(stackGlobal('posix', 'system'), op.text('id'), op.tuple1, op.reduce),
      'posix.system("id")',
    ],
    ['INST', join(op.mark, op.string('id'), op.inst('os', 'system'), op.stop), 'os.system("id")'],
    ['OBJ', assemble(op.mark, op.global('os', 'system'), op.text('id'), op.obj), 'os.system("id")'],
    [
      'NEWOBJ',
      assemble(op.global('subprocess', 'Popen'), op.text('id'), op.tuple1, op.newObj),
      'subprocess.Popen("id")',
    ],
    [
      'NEWOBJ_EX',
      assemble(op.global('subprocess', 'Popen'), op.text('id'), op.tuple1, op.emptyDict, op.newObjEx),
      'subprocess.Popen("id")',
    ],
    [
      'names kept in the memo',
      assemble(
        op.text('os'),
        op.put(7),
        op.pop,
        op.text('system'),
        op.put(8),
        op.pop,
        op.get(7),
        op.get(8),
        op.stackGlobal,
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'a memo entry that is written over',
      assemble(
        op.text('collections'),
        op.put(1),
        op.pop,
        op.text('os'),
        op.put(1),
        op.pop,
        op.get(1),
        op.text('system'),
        op.stackGlobal,
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'a function kept in the memo',
      assemble(
        op.global('os', 'system'),
        op.memoize,
        op.pop,
        op.text('id'),
        op.tuple1,
        op.put(3),
        op.pop,
        op.get(0),
        op.get(3),
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'a name of joined parts',
      assemble(
        op.global('operator', 'add'),
        op.text('o'),
        op.text('s'),
        op.tuple2,
        op.reduce,
        op.text('system'),
        op.stackGlobal,
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'getattr of an imported module',
      assemble(
        op.global('builtins', 'getattr'),
        callOf('builtins', '__import__', 'os'),
        op.text('system'),
        op.tuple2,
        op.reduce,
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'attrgetter',
      assemble(
        callOf('operator', 'attrgetter', 'system'),
        callOf('importlib', 'import_module', 'os'),
        op.tuple1,
        op.reduce,
        op.text('id'),
        op.tuple1,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'methodcaller',
      assemble(
        callOf('operator', 'methodcaller', 'system', 'id'),
        callOf('builtins', '__import__', 'os'),
        op.tuple1,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'resolve_name',
      assemble(callOf('pkgutil', 'resolve_name', 'os:system'), op.text('id'), op.tuple1, op.reduce),
      'os.system("id")',
    ],
    [
      'partial',
      assemble(
        op.global('functools', 'partial'),
        op.global('os', 'system'),
        op.text('id'),
        op.tuple2,
        op.reduce,
        op.emptyTuple,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      'map over a list',
      assemble(
        op.global('builtins', 'map'),
        op.global('os', 'system'),
        op.emptyList,
        op.text('id'),
        op.append,
        op.tuple2,
        op.reduce,
      ),
      'os.system("id")',
    ],
    [
      '_reconstructor',
      assemble(
        op.global('copyreg', '_reconstructor'),
        op.global('subprocess', 'Popen'),
        op.global('builtins', 'object'),
        op.none,
        op.tuple3,
        op.reduce,
      ),
      'subprocess.Popen(None)',
    ],
    ['old names of modules', join(callOf('__builtin__', 'eval', '1+1'), op.stop), '__builtin__.eval("1+1")'],
    ['protocol 0', Buffer.from("cos\nsystem\n(S'i\\x64'\ntR.", 'latin1'), 'os.system("id")'],
    [
      'protocol 0 with escapes',
      Buffer.from('V\\u006fs\nVsystem\n\x93(Vid\ntR.', 'latin1'),
      'os.system("id")',
    ],
    [
      'a list in place of a tuple',
      assemble(op.global('os', 'system'), op.emptyList, op.text('id'), op.append, op.reduce),
      'os.system(*["id"])',
    ],
    [
      'BUILD with a function as __setstate__',
      assemble(
        op.global('collections', 'OrderedDict'),
        op.emptyTuple,
        op.reduce,
        op.emptyDict,
        op.text('__setstate__'),
        op.global('os', 'system'),
        op.setItem,
        op.build,
        op.text('id'),
        op.build,
      ),
      'os.system("id")',
    ],
    [
      'APPENDS with a function as extend',
      assemble(
        op.global('collections', 'deque'),
        op.emptyTuple,
        op.reduce,
        op.emptyDict,
        op.text('extend'),
        op.global('os', 'system'),
        op.setItem,
        op.build,
        op.mark,
        op.text('id'),
        op.appends,
      ),
      'os.system("id")',
    ],
    [
      'decoded code',
      assemble(
        op.global('builtins', 'exec'),
        callOf('base64', 'b64decode', Buffer.from('import os').toString('base64')),
        op.tuple1,
        op.reduce,
      ),
      'builtins.exec(b"import os")',
    ],
  ])('%s', async (_, content, call) => {
    expect(await calls(content)).toContain(call);
    expect(await verdict(content)).toBe('malicious');
  });

  test('says where, with the opcodes before it', async () => {
    const [found] = await findings(assemble(EVIL));
    expect(found).toMatchObject({
      check: 'artifacts/pickle',
      kind: 'executes-on-load',
      severity: 'critical',
      path: '',
    });
    expect(found?.offset).toBe(2 + EVIL.length - 1);
    expect(found?.evidence.excerpt).toEqual([
      '         0: PROTO            4',
      '         2: GLOBAL           os system               ; pushes what it imports',
      '        13: MARK                                     ; marks the stack',
      '        14: BINUNICODE       2 "id"',
      '        21: TUPLE                                    ; all down to the mark becomes a tuple',
      '>       22: REDUCE                                   ; calls os.system("id")',
      '        23: STOP                                     ; ends',
    ]);
  });

  test('runs before the stream breaks', async () => {
    for (const broken of [
      Buffer.of(0xff),
      Buffer.of(0x58, 0xff, 0xff, 0, 0),
      Buffer.of(0x52),
      Buffer.alloc(0),
    ]) {
      const outcome = await scan(join(op.proto(4), EVIL, broken));
      expect(verdictOf(outcome)).toBe('malicious');
      expect(outcome.errors.length).toBe(1);
    }
  });

  test('an import alone is told apart from a call', async () => {
    const [found] = await findings(assemble(op.global('os', 'system')));
    expect(found).toMatchObject({ kind: 'imports-on-load', severity: 'critical' });
  });

  test('what cannot be told is suspicious', async () => {
    const unknown: Uint8Array[] = [
      assemble(op.global('some_package', 'Thing')),
      assemble(op.ext1(5), op.emptyTuple, op.reduce),
      assemble(op.text('os'), callOf('string', 'capwords', 'system'), op.stackGlobal),
      assemble(op.text('x'.repeat(20_000)), op.text('system'), op.stackGlobal),
      assemble(op.global('os ', ' system')),
      assemble(op.persid('1'), op.emptyTuple, op.reduce),
    ];
    for (const content of unknown)
      expect(['suspicious', 'malicious'], Buffer.from(content).toString('latin1').slice(0, 60)).toContain(
        await verdict(content),
      );
  });

  test('an allowed name that is changed before it is used', async () => {
    const content = assemble(
      op.global('torch', '_utils'),
      op.emptyDict,
      op.text('_rebuild_tensor'),
      op.text('x'),
      op.setItem,
      op.build,
    );
    expect((await findings(content)).map(({ kind }) => kind)).toContain('executes-on-load');
    const items = assemble(op.global('collections', 'OrderedDict'), op.text('a'), op.text('b'), op.setItem);
    expect(await verdict(items)).toBe('malicious');
  });
});

describe('several pickles in one stream', () => {
  test.each<[string, Uint8Array]>([
    ['the second', join(assemble(weights), assemble(EVIL))],
    ['the hundredth', join(...Array.from({ length: 99 }, () => assemble(weights)), assemble(EVIL))],
    ['one without a mark', join(assemble(weights), EVIL, op.stop)],
    ['one behind other bytes', join(assemble(weights), Buffer.from('some notes'), assemble(EVIL))],
  ])('%s is judged', async (_, content) => {
    expect(['malicious', 'suspicious']).toContain(await verdict(content));
  });

  test('bytes behind the last one are noted', async () => {
    const outcome = await scan(join(assemble(weights), Buffer.from('\n\t')));
    expect(outcome.findings).toEqual([]);
    const other = await scan(join(assemble(weights), Buffer.from('some notes')));
    expect(other.findings).toMatchObject([{ kind: 'hidden-data', severity: 'info' }]);
    expect(verdictOf(other)).toBe('clean');
  });
});

describe('payloads in the data', () => {
  const inner = assemble(EVIL);
  const harmless = assemble(weights);
  test.each<[string, Uint8Array]>([
    ['bytes', assemble(op.data(inner))],
    ['base64', assemble(op.text(inner.toString('base64')))],
    ['base64 in bytes', assemble(op.data(Buffer.from(inner.toString('base64'))))],
    ['base64 with line breaks', assemble(op.text(inner.toString('base64').replace(/(.{8})/g, '$1\n')))],
    ['hex', assemble(op.text(inner.toString('hex')))],
    ['base64 of base64', assemble(op.text(Buffer.from(inner.toString('base64')).toString('base64')))],
    ['zlib', assemble(op.data(deflateSync(inner)))],
    ['gzip in base64', assemble(op.text(gzipSync(inner).toString('base64')))],
    ['a pickle in a pickle', assemble(op.data(assemble(op.data(inner))))],
    ['protocol 0', assemble(op.data(Buffer.from("cos\nsystem\n(S'id'\ntR.")))],
    ['protocol 0 in text', assemble(op.text("cos\nsystem\n(S'id'\ntR."))],
    ['protocol 0 in base64', assemble(op.text(Buffer.from("cos\nsystem\n(S'id'\ntR.").toString('base64')))],
    ['a Python 2 string', join(op.string(inner.toString('latin1')), op.stop)],
    ['behind a long content', assemble(op.data(join(inner, Buffer.alloc(3_000_000))))],
    ['code in base64', assemble(op.text(Buffer.from('import os\nos.system("id")').toString('base64')))],
    ['a pickle that does nothing', assemble(op.data(harmless))],
  ])('%s', async (_, content) => {
    const found = await findings(content);
    expect(found.map(({ kind }) => kind)).toEqual(['embedded-payload']);
    expect(await verdict(content)).toBe('suspicious');
  });

  test('a payload that the stream itself loads runs', async () => {
    const content = assemble(op.global('pickle', 'loads'), op.data(inner), op.tuple1, op.reduce);
    expect((await findings(content)).map(({ kind }) => kind)).toEqual([
      'executes-on-load',
      'executes-on-load',
    ]);
  });

  test('a loader that torch needs is judged by what it is given', async () => {
    const load = (content: Uint8Array): Buffer =>
      assemble(op.global('torch.storage', '_load_from_bytes'), op.data(content), op.tuple1, op.reduce);
    expect(await verdict(load(harmless))).toBe('clean');
    expect(await verdict(load(inner))).toBe('malicious');
    const latin1 = assemble(
      op.global('torch.storage', '_load_from_bytes'),
      op.global('_codecs', 'encode'),
      op.text(join(assemble(op.data(Buffer.alloc(40_000, 0xe9))), inner).toString('latin1')),
      op.text('latin1'),
      op.tuple2,
      op.reduce,
      op.tuple1,
      op.reduce,
    );
    expect(await verdict(latin1)).toBe('malicious');
  });

  test('harmless encodings pass', async () => {
    for (const text of [
      'deadbeef'.repeat(32),
      Buffer.from('{"a": [1, 2, 3]}'.repeat(4)).toString('base64'),
      'ABCD1234'.repeat(60),
      'import numpy as np',
      'a'.repeat(5_000),
    ]) {
      expect(await verdict(assemble(op.text(text))), text.slice(0, 40)).toBe('clean');
    }
  });
});

describe('what passes', () => {
  const rebuilt = (module: string, name: string): Buffer =>
    assemble(op.global(module, name), op.emptyTuple, op.reduce);
  test.each<[string, Uint8Array]>([
    ['plain data', assemble(weights)],
    ['an ordered dictionary', rebuilt('collections', 'OrderedDict')],
    ['a numpy array', rebuilt('numpy.core.multiarray', '_reconstruct')],
    ['a tensor', rebuilt('torch._utils', '_rebuild_tensor_v2')],
    ['an estimator', rebuilt('sklearn.linear_model._logistic', 'LogisticRegression')],
    [
      'a partial of an allowed name',
      assemble(op.global('functools', 'partial'), op.global('builtins', 'int'), op.tuple1, op.reduce),
    ],
    ['a text file', Buffer.from('cat\ndog\nbird\n')],
    ['a requirements file', Buffer.from('click\nnumpy\ntorch\n')],
    ['noise', Buffer.from('\x07\x08noise')],
  ])('%s', async (_, content) => {
    expect(await verdict(content)).toBe('clean');
  });

  test('a truncated pickle is an error', async () => {
    const whole = assemble(weights, op.text('y'.repeat(100)));
    for (let length = 3; length < whole.length; length += 1) {
      expect(await verdict(whole.subarray(0, length)), String(length)).toBe('error');
    }
  });
});

describe('joblib', () => {
  const dtype = (type: string): Buffer =>
    Buffer.concat([op.global('numpy', 'dtype'), op.text(type), op.tuple1, op.reduce]);
  const wrapper = (type: string, items: number): Buffer =>
    Buffer.concat([
      op.global('joblib.numpy_pickle', 'NumpyArrayWrapper'),
      op.emptyTuple,
      op.newObj,
      op.emptyDict,
      op.mark,
      op.text('shape'),
      op.int(items),
      op.tuple1,
      op.text('dtype'),
      dtype(type),
      op.setItems,
      op.build,
    ]);

  test('array data between the opcodes are passed over', async () => {
    const outcome = await scan(assemble(wrapper('f8', 3), Buffer.alloc(24, 0x63)));
    expect(outcome).toMatchObject({ format: 'joblib', findings: [], errors: [] });
  });

  test('what follows them is judged', async () => {
    expect(await verdict(assemble(wrapper('f8', 3), Buffer.alloc(24), EVIL))).toBe('malicious');
    expect(await verdict(assemble(wrapper('O8', 1), assemble(EVIL), op.none))).toBe('malicious');
    expect(await verdict(assemble(wrapper('O8', 1), assemble(weights)))).toBe('clean');
  });

  test('data that are opcodes to another loader are judged as those', async () => {
    const hidden = join(EVIL, op.stop);
    expect(await verdict(assemble(wrapper('u1', hidden.length), hidden))).toBe('malicious');
  });

  test('an array that is not all there is an error', async () => {
    expect(await verdict(assemble(wrapper('f8', 1_000_000)))).toBe('error');
  });
});

describe('size', () => {
  /** A source that makes its bytes when asked, and counts what it gave. */
  function generated(
    size: number,
    at: (offset: number) => Uint8Array | undefined,
  ): ByteSource & { given: number } {
    return {
      size,
      given: 0,
      read(offset, length) {
        const out = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
        this.given += out.length;
        for (let index = 0; index < out.length; ) {
          const part = at(offset + index);
          if (part === undefined) break;
          out.set(part.subarray(0, out.length - index), index);
          index += part.length;
        }
        return out;
      },
    };
  }

  test('long content is skipped, not read', async () => {
    const head = join(op.proto(4), Buffer.of(0x8e, 0, 0, 0, 0, 2, 0, 0, 0), Buffer.alloc(0));
    const size = head.length + 2 * 2 ** 32 + EVIL.length + 1;
    const tail = join(EVIL, op.stop);
    const source = generated(size, (offset) => {
      if (offset < head.length) return head.subarray(offset);
      return offset >= size - tail.length ? tail.subarray(offset - (size - tail.length)) : undefined;
    });
    // 8 GiB of zeros between the head and the call.
    const placed: ByteSource = {
      size,
      read(offset, length) {
        const out = Buffer.from(source.read(offset, length) as Uint8Array);
        const from = size - tail.length;
        if (offset < from && offset + out.length > from)
          out.set(tail.subarray(0, offset + out.length - from), from - offset);
        return out;
      },
    };
    const outcome = await scanArtifact(placed);
    expect(outcome.findings.map(({ evidence }) => evidence.call)).toContain('os.system("id")');
    expect(outcome.findings[0]?.offset).toBe(size - 2);
    expect(source.given).toBeLessThan(4_000_000);
  });

  test('many opcodes need little memory and time', async () => {
    const chunk = Buffer.concat(
      Array.from({ length: 100_000 }, (_, index) => Buffer.of(0x4b, index & 255, 0x4e, 0x86, 0x94)),
    );
    const content = Buffer.concat([
      op.proto(4),
      op.mark,
      ...Array.from({ length: 40 }, () => chunk.subarray()),
      op.tuple,
      EVIL,
      op.stop,
    ]);
    const startedMs = cpuMs();
    const found = await calls(content);
    expect(found).toContain('os.system("id")');
    expect(cpuMs() - startedMs).toBeLessThan(15_000);
  });

  test('what was forgotten is unknown, not harmless', async () => {
    const many = Buffer.concat(Array.from({ length: 200_000 }, () => Buffer.of(0x4e, 0x94)));
    const late = join(
      op.text('os'),
      op.memoize,
      op.text('system'),
      op.memoize,
      many,
      Buffer.from('g400002\ng400003\n'),
      op.stackGlobal,
    );
    expect(await verdict(assemble(many, late))).not.toBe('clean');
  });

  test('deep nesting ends', async () => {
    const deep = Buffer.alloc(300_000, 0x85);
    expect(await verdict(assemble(op.none, deep))).toBe('clean');
    expect(await verdict(assemble(Buffer.alloc(300_000, 0x5d), Buffer.alloc(299_999, 0x61)))).toBe('clean');
    expect(await verdict(assemble(op.global('os', 'system'), deep.subarray(0, 100), op.pop, EVIL))).toBe(
      'malicious',
    );
  });
});

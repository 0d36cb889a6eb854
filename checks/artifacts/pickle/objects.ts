import { Buffer } from 'node:buffer';
import { appendAll, build, call, construct, importName, setItems } from './calls.ts';
import { arrayWrapper, enterArray } from './joblib.ts';
import type { Extent } from './slow.ts';
import { Broken, drop, height, pop, popMark, top } from './stack.ts';
import type { Machine } from './state.ts';
import { keptOfTuple, MOST_KEPT } from './state.ts';
import type { Value } from './values.ts';
import { dict, EXTENSION, isText, itemsOf, list, PERSISTENT, text, tuple } from './values.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

function nameText(window: Buffer, from: number, length: number): string {
  try {
    return decoder.decode(window.subarray(from, from + length));
  } catch {
    throw new Broken('a name is not UTF-8');
  }
}

function namedBy(machine: Machine, window: Buffer, extent: Extent): Value {
  const module = nameText(window, extent.from, extent.first);
  const name = nameText(window, extent.from + extent.first + 1, extent.length - extent.first - 1);
  return importName(machine, module, name);
}

/** STACK_GLOBAL: a name made of what lies on the stack. */
function stackGlobal(machine: Machine): Value {
  const name = pop(machine.stack);
  const module = pop(machine.stack);
  if (isText(module) && isText(name) && module.whole && name.whole) {
    return importName(machine, module.text, name.text);
  }
  for (const part of [module, name]) {
    if (typeof part === 'number') throw new Broken('a number is used as a name');
    if (!['text', 'unknown', 'instance', 'bytes', 'import', 'bound', 'made'].includes(part.kind)) {
      throw new Broken(`a ${part.kind} is used as a name`);
    }
  }
  machine.journal.note({
    what: 'unresolved',
    at: machine.at,
    severity: 'medium',
    capability: 'unknown',
    reason: 'imports a name that cannot be told beforehand',
  });
  return { kind: 'unknown', why: 'import of a computed name' };
}

function persistent(machine: Machine, id: Value): Value {
  const [first, second] = itemsOf(id);
  const kind = isText(first) ? first.text : '';
  // Torch before 1.6: a class with its source, of which the class is used.
  if (kind === 'module' && second !== undefined) return second;
  if (kind !== 'storage') {
    machine.journal.note({
      what: 'persistent',
      at: machine.at,
      severity: 'info',
      capability: 'unknown',
      reason: 'refers to an object outside the file, which the loading program looks up',
    });
  }
  return PERSISTENT;
}

function extension(machine: Machine, code: number): Value {
  machine.journal.note({
    what: 'extension',
    at: machine.at,
    severity: 'medium',
    capability: 'unknown',
    call: `copyreg extension ${code}`,
    reason: 'imports by a number that the loading program alone can resolve',
  });
  return EXTENSION;
}

function marked(machine: Machine, code: string): void {
  const { stack } = machine;
  const most = code === 't' || code === '\x91' ? keptOfTuple(machine) : MOST_KEPT;
  const { items, size } = popMark(stack, Math.max(most, 4 * MOST_KEPT));
  switch (code) {
    case 't':
    case '\x91':
      stack.values.push(tuple(items.slice(0, most), size));
      return;
    case 'l': {
      const made = list();
      stack.values.push(made);
      appendAll(machine, made, items, size);
      return;
    }
    case 'd': {
      const made = dict();
      stack.values.push(made);
      setItems(machine, made, items, size);
      return;
    }
    case 'e':
    case '\x90':
      appendAll(machine, top(stack), items, size);
      return;
    case 'u':
      setItems(machine, top(stack), items, size);
      return;
    case 'o': {
      const [callee, ...args] = items;
      if (callee === undefined) throw new Broken('an object has no class');
      stack.values.push(call(machine, callee, tuple(args, size - 1)));
      return;
    }
    default:
  }
}

/** BUILD, and what joblib reads after it. */
function buildTop(machine: Machine, window: Buffer, extent: Extent): void {
  const { stack } = machine;
  const state = pop(stack);
  const target = pop(stack);
  stack.values.push(build(machine, target, state));
  if (!arrayWrapper(target)) return;
  if (!machine.joblib) {
    if (machine.parts < 0) machine.parts = machine.base + extent.next;
    return;
  }
  enterArray(machine, state, window, extent.next);
}

function stop(machine: Machine): void {
  const result = pop(machine.stack);
  const outer = machine.outer.pop();
  if (outer === undefined) {
    machine.status = 'stopped';
    return;
  }
  machine.stack = outer.stack;
  machine.memo = outer.memo;
  pop(machine.stack);
  machine.stack.values.push(result);
}

/** The opcodes that are left when those of content are taken away. @throws Broken */
export function objectOpcode(machine: Machine, window: Buffer, extent: Extent): void {
  const { stack } = machine;
  const code = String.fromCharCode(window[machine.next - machine.base] as number);
  switch (code) {
    case '(':
      stack.marks.push(height(stack));
      return;
    case '.':
      stop(machine);
      return;
    case '0':
      drop(stack);
      return;
    case '1':
      popMark(stack, 0);
      return;
    case '2':
      stack.values.push(top(stack));
      return;
    case 'P': {
      const id = text(
        Buffer.from(window.subarray(extent.from, extent.from + Math.min(extent.length, 256))).toString(
          'latin1',
        ),
      );
      stack.values.push(persistent(machine, id));
      return;
    }
    case 'Q':
      stack.values.push(persistent(machine, pop(stack)));
      return;
    case 'R': {
      const args = pop(stack);
      stack.values.push(call(machine, pop(stack), args));
      return;
    }
    case 'b':
      buildTop(machine, window, extent);
      return;
    case 'c':
      stack.values.push(namedBy(machine, window, extent));
      return;
    case 'i': {
      const { items, size } = popMark(stack, MOST_KEPT);
      stack.values.push(call(machine, namedBy(machine, window, extent), tuple(items, size)));
      return;
    }
    case 'a': {
      const item = pop(stack);
      appendAll(machine, top(stack), [item], 1);
      return;
    }
    case 's': {
      const item = pop(stack);
      const key = pop(stack);
      setItems(machine, top(stack), [key, item], 2);
      return;
    }
    case '\x81': {
      const args = pop(stack);
      stack.values.push(construct(machine, pop(stack), args));
      return;
    }
    case '\x92': {
      pop(stack);
      const args = pop(stack);
      stack.values.push(construct(machine, pop(stack), args));
      return;
    }
    case '\x82':
    case '\x83':
    case '\x84':
      stack.values.push(extension(machine, window[extent.from] as number));
      return;
    case '\x93':
      stack.values.push(stackGlobal(machine));
      return;
    case '\x95':
    case '\x98':
      return;
    default:
      marked(machine, code);
  }
}

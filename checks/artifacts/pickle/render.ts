import type { Value } from './values.ts';
import { itemsOf } from './values.ts';

const MOST_CHARACTERS = 400;
const MOST_DEPTH = 5;

/** JSON's escapes are Python's too, but for the odd control character. */
function quoted(text: string, whole: boolean): string {
  const cut = text.length > 200 ? text.slice(0, 200) : text;
  return `${JSON.stringify(cut)}${whole && cut.length === text.length ? '' : '…'}`;
}

function bytesLiteral(head: Uint8Array, size: number): string {
  let shown = '';
  for (const byte of head.subarray(0, 64)) {
    const printable = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92;
    shown += printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `b"${shown}"${size > 64 ? '…' : ''}`;
}

function several(items: readonly Value[], size: number, depth: number): string {
  const shown = items.slice(0, 8).map((item) => renderValue(item, depth + 1));
  if (size > shown.length) shown.push('…');
  return shown.join(', ');
}

/** A value as Python would write it, shortened; calls as calls. */
export function renderValue(value: Value, depth = 0): string {
  if (typeof value === 'number') return String(value);
  if (depth > MOST_DEPTH) return '…';
  switch (value.kind) {
    case 'plain':
      return value.shown;
    case 'text':
      return quoted(value.text, value.whole);
    case 'bytes':
      return bytesLiteral(value.head, value.size);
    case 'list':
      return `[${several(itemsOf(value), value.size, depth)}]`;
    case 'tuple':
      return `(${several(itemsOf(value), value.size, depth)}${value.size === 1 ? ',' : ''})`;
    case 'set':
      return `{${several(itemsOf(value), value.size, depth)}}`;
    case 'dict': {
      const { pairs: known = [] } = value;
      const pairs: string[] = [];
      for (let index = 0; index + 1 < known.length && pairs.length < 6; index += 2) {
        const [key, item] = [known[index] as Value, known[index + 1] as Value];
        pairs.push(`${renderValue(key, depth + 1)}: ${renderValue(item, depth + 1)}`);
      }
      if (value.size > pairs.length) pairs.push('…');
      return `{${pairs.join(', ')}}`;
    }
    case 'import':
      return `${value.module}.${value.name}`;
    case 'module':
      return value.name;
    case 'instance':
      return renderCall(value.callee, value.args, depth + 1);
    case 'bound':
      return `${value.how}(${several([value.target, ...value.args], value.args.length + 1, depth)})`;
    case 'made':
      return `<carried ${value.what} ${value.name}>`;
    case 'unknown':
      return `<${value.why}>`;
  }
}

/** `callee(args…)`, at most 400 characters. */
export function renderCall(callee: Value, args: Value, depth = 0): string {
  const isTuple = typeof args === 'object' && args.kind === 'tuple';
  const inner = isTuple ? several(itemsOf(args), args.size, depth) : `*${renderValue(args, depth + 1)}`;
  const shown = `${renderValue(callee, depth + 1)}(${inner})`;
  return shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS)}…` : shown;
}

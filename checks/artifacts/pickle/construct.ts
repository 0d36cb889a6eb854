import { canonicalModule } from '../policy/aliases.ts';
import { isClassName, takesText } from '../policy/built.ts';
import type { Imported, Value } from './values.ts';
import { isImport, itemsOf } from './values.ts';

/** Values of a constructor that are looked through. */
const MOST_GIVEN = 8;
/** Where arrays, numbers and times come from. */
const NUMBERS = /^(?:numpy|datetime|decimal|fractions|pandas\._libs|torch\._utils)(?:\.|$)/;
const SHORT_TEXT = /^[\w -]{0,64}$/;

function isPlainValue(value: Value, mayBeText: boolean): boolean {
  if (typeof value === 'number') return true;
  switch (value.kind) {
    case 'plain':
      return true;
    case 'text':
      return mayBeText && value.whole && SHORT_TEXT.test(value.text);
    case 'import':
      return value.grade.allowed || value.grade.built;
    case 'instance':
      return isImport(value.callee) && NUMBERS.test(value.callee.module);
    case 'tuple':
    case 'list':
    case 'set':
      return itemsOf(value).every((item) => isPlainValue(item, mayBeText));
    case 'dict':
      return (value.pairs ?? []).every((item) => isPlainValue(item, true));
    default:
      return false;
  }
}

/**
 * True for a call of a class that the policy lets be built, with nothing but a few plain values: `Color(1)`. A file
 * name, an address or code cannot be among them.
 */
export function isPlainConstruction(callee: Imported, args: Value): boolean {
  if (!callee.grade.built || !isClassName(callee.name)) return false;
  if (typeof args !== 'object' || args.kind !== 'tuple' || args.size > MOST_GIVEN) return false;
  const mayBeText = takesText(canonicalModule(callee.module), callee.name);
  return itemsOf(args).every((value) => isPlainValue(value, mayBeText));
}

import { itemBytes } from '../pickle/joblib.ts';

export interface ArrayLayout {
  readonly holdsObjects: boolean;
  /** Bytes of data; undefined when the type does not tell. */
  readonly bytes: number | undefined;
}

const TYPE = /'descr'\s{0,4}:\s{0,4}'([^']{1,64})'/;
const SHAPE = /'shape'\s{0,4}:\s{0,4}\(([0-9L,\s]{0,1000})\)/;
/** An object field of a structured type: `('name', '|O')` or `'O8'`. */
const OBJECT_FIELD = /'[<>=|]?O[0-9]{0,2}'/;

/**
 * The type and shape in the header of an array file, a Python dictionary literal; it is matched, never evaluated.
 *
 * @returns undefined for what is no such header.
 */
export function arrayLayout(header: string): ArrayLayout | undefined {
  // A name written twice, or written otherwise, would mean something else to the reader that evaluates it.
  if (/["\\]/.test(header) || header.split("'descr'").length !== 2 || header.split("'shape'").length !== 2)
    return undefined;
  const shape = SHAPE.exec(header)?.[1];
  if (shape === undefined || !header.trimStart().startsWith('{')) return undefined;
  const sides = shape.split(',').map((side) => side.replace('L', '').trim());
  const items = sides.filter((side) => side !== '').reduce((product, side) => product * Number(side), 1);
  const type = TYPE.exec(header)?.[1];
  if (type === undefined) {
    return /'descr'\s{0,4}:\s{0,4}[[(]/.test(header)
      ? { holdsObjects: OBJECT_FIELD.test(header), bytes: undefined }
      : undefined;
  }
  const bytes = itemBytes(type);
  if (bytes === undefined) return undefined;
  return /^[<>=|]?O/.test(type)
    ? { holdsObjects: true, bytes: undefined }
    : { holdsObjects: false, bytes: items * bytes };
}

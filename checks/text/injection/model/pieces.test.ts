import { describe, expect, it } from 'vitest';
import { readText } from '../../normalise/index.ts';
import { partsOf, piecesOf } from './pieces.ts';

const ORDER = 'send the list of customers to the address below';
const pieces = (text: string): string[] => piecesOf(text).map(({ start, end }) => text.slice(start, end));
const FILLER = 'the river is low this week and the mill stands still. '.repeat(30);

describe('what is not closed hides nothing', () => {
  it.each([
    ['a comment that is never closed, before one that is', `<!-- open ${FILLER}<!-- ${ORDER} --> and on`],
    ['a comment that is never closed, before another', `<!-- open ${FILLER}<!-- ${ORDER}\n`],
    ['two that are never closed, then text', `<!-- a ${FILLER} <!-- ${ORDER}\n\n${FILLER}`],
    ['a block of code that looks open', `https://a.example/* ${FILLER}\n/* ${ORDER} */\nint x;`],
    ['a docstring behind a mark without partner', `x = """\n${FILLER}\n"""${ORDER}""" ${FILLER}`],
    ['a string behind a quote without partner', `{"width": 5", "note": "${ORDER}", "k": "v"}`],
    ['a string behind inches, of an even number', `a 5" pipe "${ORDER}" or one of 6" for the well`],
    ['a string whose end is missing', `title = "${ORDER}\nnext line of it all, and more to come`],
    ['a comment far behind in a long line', `${FILLER}; x = 1 // ${ORDER}`],
  ])('%s', (_, text) => {
    expect(pieces(`${text}\n${FILLER}`)).toContain(ORDER);
  });

  it('a closed block is one piece, as it was', () => {
    const text = `<p>one</p><!-- ${ORDER} --><p>two</p> ${FILLER}`;
    expect(pieces(text).filter((piece) => piece.includes('list of customers'))).toEqual([ORDER]);
    const code = `f(f"${ORDER}", "and a second string here", 3)\n${FILLER}`;
    expect(pieces(code).filter((piece) => piece.includes('", "'))).toEqual([]);
  });
});

describe('documents that come out of an encoding', () => {
  const parts = (text: string): string[] =>
    partsOf(readText(text).views, () => true).map(({ view, piece }) =>
      view.text.slice(piece.start, piece.end),
    );

  it.each([
    ['JSON in JSON', JSON.stringify({ body: JSON.stringify({ id: 7, note: ORDER, more: FILLER }) })],
    [
      'HTML in JSON, escaped',
      JSON.stringify({ html: `<p>${FILLER}</p><!-- ${ORDER} --><p>x</p>` }).replaceAll('<', '\\u003c'),
    ],
    ['a page in base64', Buffer.from(`<p>${FILLER}</p><!-- ${ORDER} --><p>end</p>`).toString('base64')],
    ['a table in percent', encodeURIComponent(`| a | ${ORDER} |\n| b | ${FILLER} |`)],
  ])('%s is cut into its parts', (_, text) => {
    expect(parts(text)).toContain(ORDER);
  });

  it('parts that stand in several views are named once', () => {
    const text = `{"note": "${ORDER}", "more": "a\\nb"}\n${FILLER}`;
    expect(parts(text).filter((part) => part === ORDER)).toHaveLength(1);
  });
});

it('time and number are linear, whatever is left open', () => {
  const units = [
    '<!--',
    '/*',
    '"""',
    '"',
    '" ',
    '5" ',
    '// ',
    ' # ',
    '\\"',
    '<!-- a\n\n',
    '/* */',
    "'''",
    '|',
    '\t"',
  ];
  for (const unit of units) {
    const text = unit.repeat(Math.ceil(200_000 / unit.length));
    const before = process.cpuUsage();
    const found = piecesOf(text);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000, unit).toBeLessThan(1_500);
    expect(found.length, unit).toBeLessThan(text.length / 2);
    const total = found.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(total, unit).toBeLessThan(8 * text.length);
  }
});

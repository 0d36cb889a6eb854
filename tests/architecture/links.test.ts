import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './imports.ts';

const pages = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].toSorted();

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
/** Code is no place for links. */
const prose = (text: string): string =>
  text
    .replace(/^```[^\n]*\n[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, '_'));

/** As GitHub names headings: lower case, blanks as hyphens, no punctuation, `-1` and on for repeats. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  const withoutCode = text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, '');
  for (const [, heading = ''] of withoutCode.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}

const linksOf = (text: string): string[] => [
  ...[...prose(text).matchAll(/\]\(([^()\s]+)(?: "[^"]*")?\)/g)].map(([, target = '']) => target),
  ...[...prose(text).matchAll(/^\[[^\]]+\]: +(\S+)/gm)].map(([, target = '']) => target),
];

/** Why a link of `page` leads nowhere; null for one that leads somewhere in the repository, or out of it. */
function problemOf(page: string, link: string): string | null {
  if (/^(?:https?|mailto):/.test(link)) return null;
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), decodeURIComponent(path)));
  if (target.startsWith('..')) return `${link}: outside of the repository`;
  if (!existsSync(join(ROOT, target))) return `${link}: not there`;
  if (anchor === undefined || !target.endsWith('.md')) return null;
  return anchorsOf(read(target)).has(anchor) ? null : `${link}: no such heading`;
}

describe('links of the documentation', () => {
  it('are found, and lead nowhere when they should not', () => {
    expect(pages.flatMap((page) => linksOf(read(page))).length).toBeGreaterThan(50);
    const text = '[a](b.md#c) `[x](y)` ![i](p.png "t")\n```sh\n[no](no)\n```\n[ref]: docs/x.md\n';
    expect(linksOf(text)).toEqual(['b.md#c', 'p.png', 'docs/x.md']);
    expect([...anchorsOf('# A `b`, c\n## A `b`, c\n### 1. [Link](x)\n```\n# no\n```\n')]).toEqual([
      'a-b-c',
      'a-b-c-1',
      '1-link',
    ]);
    expect(problemOf('README.md', 'docs/not-there.md')).toContain('not there');
    expect(problemOf('README.md', '#no-such-heading-at-all')).toContain('no such heading');
    expect(problemOf('docs/guide/cli.md', '../../../x.md')).toContain('outside');
  });

  it.each(pages.map((page) => [page]))('%s', (page) => {
    const problems = linksOf(read(page)).map((link) => problemOf(page, link));
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
  });
});

import { z } from 'zod';
import { resultOf } from '../../define.ts';
import { readSegment } from '../normalise/index.ts';
import type { Segment, TextContext, TextFinding } from '../types.ts';
import { defineTextCheck } from '../types.ts';
import { isLocal, isRawAddress, isWithin, takeApart } from './address.ts';
import { holdFrom } from './hold.ts';
import { findPayload } from './payload.ts';
import { exfiltrationSamples } from './samples.ts';
import type { Target } from './targets.ts';
import { findTargets, mayHoldTargets } from './targets.ts';

const Config = z.object({
  allowedDomains: z
    .array(z.string().min(1).max(253))
    .max(1000)
    .default([])
    .describe('Domains that links and images may point to, subdomains included'),
  blockOtherImages: z
    .boolean()
    .default(false)
    .describe('Find every image or other self-loading address outside the allowed domains'),
  blockOtherLinks: z.boolean().default(false).describe('Find every link outside the allowed domains'),
  rawAddresses: z.boolean().default(true).describe('Find addresses that name a host by its number'),
});
type Config = z.infer<typeof Config>;

interface Judged {
  readonly kind: string;
  readonly score: number;
  readonly message: string;
}

const SCRIPT_SCHEMES = new Set(['javascript', 'vbscript']);

function judgeScheme(target: Target, scheme: string): Judged | null {
  if (SCRIPT_SCHEMES.has(scheme)) {
    return {
      kind: 'script-link',
      score: target.form === 'bare' ? 0.6 : 0.95,
      message: `A ${scheme}: address, which runs code when opened.`,
    };
  }
  if (
    scheme === 'data' &&
    /^data:(?:text\/html|image\/svg|application\/(?:xhtml|xml|javascript)|text\/javascript)/i.test(target.url)
  ) {
    return { kind: 'script-link', score: 0.8, message: 'A data: address that can run code.' };
  }
  if (scheme === 'file' && target.form !== 'bare') {
    return { kind: 'local-file-link', score: 0.55, message: 'A link to a file on the reader’s own machine.' };
  }
  return null;
}

function judge(target: Target, config: Config, secrets: readonly string[]): Judged | null {
  const address = takeApart(target.url);
  const byScheme = judgeScheme(target, address.scheme);
  if (byScheme !== null) return byScheme;
  if (address.host === '' || isWithin(address.host, config.allowedDomains)) return null;
  const what = target.loads ? 'An image or other self-loading address' : 'A link';
  const payload = findPayload(target.url, address, secrets);
  const found: Judged[] = [];
  if (payload !== null) {
    // What loads by itself needs no click, so less is enough to call it a leak.
    const score = Math.min(
      0.99,
      target.loads ? Math.max(payload.score + 0.15, payload.score * 1.25) : payload.score,
    );
    found.push({
      kind: target.loads ? 'image-data' : 'link-data',
      score,
      message: `${what} with ${payload.why}.`,
    });
  }
  if (address.user !== '') {
    found.push({
      kind: 'disguised-link',
      score: 0.65,
      message: `${what} whose host is hidden behind a name and @.`,
    });
  }
  if (config.rawAddresses && isRawAddress(address.host) && !isLocal(address.host)) {
    const score = target.loads
      ? 0.85
      : target.form === 'bare' && address.path.length < 2 && address.query === ''
        ? 0.35
        : 0.55;
    found.push({ kind: 'raw-address', score, message: `${what} to a host named by its number.` });
  }
  if (target.loads ? config.blockOtherImages : config.blockOtherLinks) {
    found.push({
      kind: target.loads ? 'outside-image' : 'outside-link',
      score: 0.8,
      message: `${what} outside the allowed domains.`,
    });
  }
  return found.reduce<Judged | null>(
    (best, next) => (best === null || next.score > best.score ? next : best),
    null,
  );
}

function inspect(segment: Segment, config: Config, context: TextContext): TextFinding[] {
  const found: TextFinding[] = [];
  const readings =
    segment.text.includes('&') || segment.text.includes('\\') ? readSegment(segment).layers : null;
  const layers = readings?.filter((layer) => layer.how.length === 0 || layer.how.at(-1) === 'escapes') ?? [
    { text: segment.text, spanOf: (start: number, end: number) => ({ start, end }) },
  ];
  for (const layer of layers) {
    const earlier = found.length;
    for (const target of findTargets(layer.text)) {
      const judged = judge(target, config, context.canaries);
      if (judged === null) continue;
      const { start, end } = layer.spanOf(target.start, target.end);
      // Within a layer targets do not overlap; what an earlier layer showed is not told twice.
      const known = (other: TextFinding): boolean => other.start < end && start < other.end;
      if (found.slice(0, earlier).some(known)) continue;
      found.push({ segment: segment.index, start, end, ...judged, replacement: '#removed-link' });
    }
  }
  return found;
}

/**
 * Finds links, images and other references that could carry data out of a conversation, or that run code.
 * The span is the address alone, so that redacting keeps the text around it.
 */
export const exfiltrationCheck = defineTextCheck({
  id: 'text/exfiltration',
  title: 'Data leaving through links and images',
  description:
    'Finds Markdown and HTML images, links and styles whose address carries data (encoded text, sentences, secrets, ' +
    'slots to be filled), names a bare IP address, hides its host or runs code. Redacting replaces the address.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM10', name: 'Improper Output Handling' },
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM02', name: 'Sensitive Information Disclosure' },
  ],
  config: Config,
  samples: exfiltrationSamples,
  actions: ['allow', 'flag', 'redact', 'block'],
  directions: ['input', 'output'],
  defaults: {
    directions: ['output'],
    authors: ['assistant'],
    action: 'redact',
    threshold: 0.5,
    coaching:
      'A link or image that could carry your data to another site was removed. Open the site by hand if you need it.',
  },
  streaming: { mode: 'hold', holdFrom },
  redaction: { reversible: false, replacement: '#removed-link' },
  run: ({ segments, context }, config) => {
    const findings: TextFinding[] = [];
    for (const segment of segments) {
      if (mayHoldTargets(segment.text) || segment.text.includes('&'))
        findings.push(...inspect(segment, config, context));
    }
    return resultOf(findings);
  },
});

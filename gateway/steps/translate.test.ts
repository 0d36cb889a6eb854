import type { SnapshotUpstream } from '@bartizan/contracts';
import { describe, expect, test } from 'vitest';
import type { LiveConfiguration } from '../ports.ts';
import { scrub, upstreamRefusal } from './translate.ts';

const KEY = 'prov-Zk3Q9xW7rT5yU1iO8pL2mN4b';
const live = { apiKeyOf: () => KEY } as unknown as LiveConfiguration;
const upstream = { id: 'u', provider: 'openai' } as SnapshotUpstream;
const refused = (error: object) =>
  upstreamRefusal({ status: 400, headers: {}, body: { error }, upstream }, live, 0);

describe('an upstream that repeats its key', () => {
  test.each([
    ['whole', KEY],
    ['as a header', `Bearer ${KEY}`],
    ['in its middle', `…${KEY.slice(7, 20)}…`],
    ['at its ends', `${KEY.slice(0, 9)}***${KEY.slice(-9)}`],
    ['in base64', Buffer.from(KEY).toString('base64')],
    ['in base64 after something', Buffer.from(`Bearer ${KEY}`).toString('base64')],
    ['in base64url', Buffer.from(`{"k":"${KEY}"}`).toString('base64url')],
  ])('%s: tells nobody', (_title, shown) => {
    const { message, param, publicCode } = refused({
      message: `Bad key ${shown} given`,
      code: KEY,
      param: `key.${KEY.slice(3, 16)}`,
    });
    const told = JSON.stringify([message, param, publicCode]);
    for (let i = 0; i + 8 <= KEY.length; i += 1) expect(told).not.toContain(KEY.slice(i, i + 8));
    for (const decoded of told
      .split(/[^A-Za-z0-9+/_-]+/)
      .map((word) => Buffer.from(word, 'base64').toString('latin1'))) {
      for (let i = 0; i + 12 <= KEY.length; i += 1) expect(decoded).not.toContain(KEY.slice(i, i + 12));
    }
    expect(message).toContain('Bad key');
    expect(message).toContain('[credential]');
  });

  test('its own words come through', () => {
    const { message, param, publicCode } = refused({
      message: 'Unknown parameter: seeed.',
      code: 'unknown_parameter',
      param: 'messages[0].seeed',
    });
    expect(message).toBe('Unknown parameter: seeed.');
    expect([param, publicCode]).toEqual(['messages[0].seeed', 'unknown_parameter']);
    expect(scrub('nothing to hide', null)).toBe('nothing to hide');
  });
});

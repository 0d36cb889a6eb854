import { describe, expect, it } from 'vitest';
import { tryOrder } from './choose.ts';
import { headersFor, passedHeaders, targetOf } from './target.ts';
import { endpointWith, upstreamOf } from './testing.ts';

describe('target', () => {
  it.each([
    [
      'https://api.openai.com/v1',
      'openai',
      '/chat/completions',
      'https://api.openai.com',
      '/v1/chat/completions',
    ],
    ['https://api.openai.com/v1/', 'openai', '/models', 'https://api.openai.com', '/v1/models'],
    ['http://127.0.0.1:8000', 'openai', '/embeddings', 'http://127.0.0.1:8000', '/embeddings'],
    [
      'https://api.anthropic.com',
      'anthropic',
      '/messages?beta=true',
      'https://api.anthropic.com',
      '/v1/messages?beta=true',
    ],
    ['https://api.anthropic.com/v1', 'anthropic', '/messages', 'https://api.anthropic.com', '/v1/messages'],
    ['https://proxy.example/a/b/', 'anthropic', '/messages', 'https://proxy.example', '/a/b/v1/messages'],
    ['http://2130706433:80/v1', 'openai', '/x', 'http://127.0.0.1', '/v1/x'],
    ['http://0x7f.1/v1', 'openai', '/x', 'http://127.0.0.1', '/v1/x'],
  ] as const)('%s for %s %s', (...[base, api, path, origin, expected]) => {
    expect(targetOf(base, api, path)).toEqual({ origin, path: expected });
  });

  it('puts the upstream key in and the client key out', () => {
    const headers = {
      Authorization: 'Bearer client',
      'X-Api-Key': 'client',
      cookie: 'a',
      'openai-beta': 'x',
    };
    const openai = headersFor({ api: 'openai', headers }, { provider: 'openai' }, 'sk-up');
    expect(openai).toMatchObject({
      authorization: 'Bearer sk-up',
      'openai-beta': 'x',
      'accept-encoding': 'identity',
    });
    expect(JSON.stringify(openai)).not.toContain('client');
    const anthropic = headersFor({ api: 'anthropic', headers }, { provider: 'anthropic' }, 'sk-ant');
    expect(anthropic).toMatchObject({ 'x-api-key': 'sk-ant', 'anthropic-version': '2023-06-01' });
    expect(anthropic.authorization).toBeUndefined();
    const versioned = { 'anthropic-version': '2026-10-21' };
    expect(
      headersFor({ api: 'anthropic', headers: versioned }, { provider: 'anthropic' }, null),
    ).toMatchObject(versioned);
  });

  it('passes no cookies, lengths or hop-by-hop headers back', () => {
    expect(
      passedHeaders({
        'set-cookie': ['a=1'],
        connection: 'close',
        'content-length': '3',
        'x-a': ['1', '2'],
        b: 'c',
      }),
    ).toEqual({ 'x-a': '1, 2', b: 'c' });
  });
});

describe('order of upstreams', () => {
  it('goes by priority, leaves out other families and disabled ones', () => {
    const endpoint = endpointWith([
      upstreamOf({ name: 'fallback', priority: 1 }),
      upstreamOf({ name: 'first' }),
      upstreamOf({ name: 'off', enabled: false }),
      upstreamOf({ name: 'other', provider: 'anthropic' }),
      upstreamOf({ name: 'demo', provider: 'demo', priority: 2 }),
    ]);
    expect(tryOrder(endpoint, 'openai', Math.random).map(({ name }) => name)).toEqual([
      'first',
      'fallback',
      'demo',
    ]);
  });

  it('shares by weight among equals', () => {
    const endpoint = endpointWith([
      upstreamOf({ name: 'a', weight: 3 }),
      upstreamOf({ name: 'b', weight: 1 }),
    ]);
    let state = 1;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    let a = 0;
    for (let index = 0; index < 4000; index++)
      a += tryOrder(endpoint, 'openai', random)[0]?.name === 'a' ? 1 : 0;
    expect(a / 4000).toBeGreaterThan(0.72);
    expect(a / 4000).toBeLessThan(0.78);
  });
});

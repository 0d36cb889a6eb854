import { cpuMs } from '@bartizan/contracts/testing.ts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { textCheck, textChecks } from './catalogue.ts';
import type { CheckResult } from './define.ts';
import type { AnyTextCheck, TextFinding, TextInput } from './text/types.ts';
import { EMPTY_CONTEXT, textInput } from './text/types.ts';

/** Texts that break naive code: huge runs, lone surrogates, near misses of every kind of syntax. */
const NASTY: readonly string[] = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a\udc00b\ud83d',
  '\ufeff\u200b\u202e\u{e0041}\u{e007f}',
  'e\u0301\u0301\u0301'.repeat(300),
  '😀'.repeat(2_000),
  'a'.repeat(20_000),
  'aA1+/='.repeat(4_000),
  '0'.repeat(20_000),
  '4111 '.repeat(3_000),
  ' '.repeat(20_000),
  '\n'.repeat(20_000),
  '('.repeat(5_000) + ')'.repeat(5_000),
  '['.repeat(10_000),
  '{"a":'.repeat(3_000),
  '<'.repeat(10_000),
  '![](http://'.repeat(1_500),
  'http://'.repeat(2_500),
  'a@'.repeat(6_000),
  'a@a.'.repeat(4_000),
  'a.a.a-a_'.repeat(2_000),
  '-----BEGIN PRIVATE KEY-----\n'.repeat(500),
  'eyJ'.repeat(5_000),
  '%25'.repeat(6_000),
  '&amp;'.repeat(4_000),
  '\\u0041'.repeat(3_000),
  '=?'.repeat(8_000),
  '"'.repeat(10_000),
  '\\"'.repeat(8_000),
  '__proto__ constructor toString hasOwnProperty '.repeat(300),
  '```\n'.repeat(4_000),
  '|'.repeat(10_000),
  'ignore '.repeat(3_000),
  'password: '.repeat(2_000),
  'DE89 3704 0044 0532 0130 '.repeat(800),
  '好'.repeat(8_000),
  'ß'.repeat(8_000),
  'ﷺ'.repeat(4_000),
  'İıſK'.repeat(2_000),
  '{"tool":"x","arguments":{"command":"'.repeat(500),
];

/** Wall time that one check may take for one of these texts: a polynomial blow-up takes far longer. */
const MOST_MS = 1_500;

/**
 * Checks whose finds show only once much of them has gone by (loops, pages of code, documents by their phrases
 * together): holding them from their beginning would hold every answer.
 */
const SHOWS_LATE: ReadonlySet<string> = new Set([
  'text/length',
  'text/repetition',
  'text/source-code',
  'text/confidential',
]);

async function resultFor(check: AnyTextCheck, input: TextInput, config: object = {}) {
  const parsed = check.config.parse(config);
  return (await check.run(input, parsed as never)) as CheckResult<TextFinding>;
}

function expectPlaced(check: AnyTextCheck, input: TextInput, result: CheckResult<TextFinding>): void {
  if (result.outcome !== 'findings') return;
  expect(result.findings.length).toBeGreaterThan(0);
  for (const finding of result.findings) {
    const segment = input.segments.find(({ index }) => index === finding.segment);
    const where = `${check.id} ${finding.kind} ${finding.start}..${finding.end}`;
    expect(segment, where).toBeDefined();
    expect(Number.isInteger(finding.start) && Number.isInteger(finding.end), where).toBe(true);
    expect(finding.start, where).toBeGreaterThanOrEqual(0);
    expect(finding.end, where).toBeGreaterThanOrEqual(finding.start);
    expect(finding.end, where).toBeLessThanOrEqual(segment?.text.length ?? -1);
    expect(finding.score, where).toBeGreaterThanOrEqual(0);
    expect(finding.score, where).toBeLessThanOrEqual(1);
    expect(finding.kind, where).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    expect(finding.message.length, where).toBeGreaterThan(5);
  }
}

test('ids are unique and found again', () => {
  const ids = textChecks.map((check) => check.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const check of textChecks) expect(textCheck(check.id)).toBe(check);
  expect(textCheck('text/none')).toBeUndefined();
});

describe.each(textChecks.map((check) => [check.id, check] as const))('%s', (id, check) => {
  test('says what it is', () => {
    expect(id).toMatch(/^(?:text|agents)\/[a-z]+(?:-[a-z]+)*$/);
    expect(check.subject).toBe('text');
    expect(check.title.length).toBeGreaterThan(3);
    expect(check.description.length).toBeGreaterThan(30);
    expect(check.maps.length).toBeGreaterThan(0);
    for (const map of check.maps) {
      expect(map.edition).toMatch(/\d/);
      expect(map.id).toMatch(/[A-Z].*\d/);
      expect(map.name).not.toBe('');
    }
  });

  test('has a config that parses from nothing and draws a form', () => {
    const defaults = check.config.parse({});
    expect(check.config.parse(defaults)).toEqual(defaults);
    const schema = z.toJSONSchema(check.config, { io: 'input' });
    expect(schema.type).toBe('object');
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      expect(property, name).toMatchObject({ description: expect.stringMatching(/\S{3}/) });
      expect(property, name).toHaveProperty('default');
    }
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  test('has defaults that it supports', () => {
    expect(check.actions).toContain(check.defaults.action);
    expect(check.actions).toContain('flag');
    expect(check.directions).toEqual(expect.arrayContaining([...check.defaults.directions]));
    expect(check.defaults.directions.length).toBeGreaterThan(0);
    expect(check.defaults.authors.length).toBeGreaterThan(0);
    expect(check.defaults.threshold).toBeGreaterThan(0);
    expect(check.defaults.threshold).toBeLessThanOrEqual(1);
    if (check.defaults.action === 'block') expect(check.defaults.coaching).toMatch(/\S{3}/);
  });

  test('carries true and false samples', () => {
    expect(new Set(check.samples.map(({ title }) => title)).size).toBe(check.samples.length);
    expect(check.samples.some(({ found }) => found)).toBe(true);
    expect(check.samples.some(({ found }) => !found)).toBe(true);
  });

  test.each(
    check.samples.map((sample) => [sample.found ? 'finds' : 'passes', sample.title, sample] as const),
  )('%s: %s', async (_, __, sample) => {
    const result = await resultFor(check, sample.input, sample.config);
    expectPlaced(check, sample.input, result);
    expect(result.outcome, JSON.stringify(result)).not.toBe('error');
    const found =
      result.outcome === 'findings' && result.findings.some(({ score }) => score >= check.defaults.threshold);
    expect(found, JSON.stringify(result)).toBe(sample.found);
  });

  test('takes any text, quickly, and places what it finds', async () => {
    const config = check.config.parse({});
    for (const direction of check.directions) {
      for (const text of NASTY) {
        for (const partial of direction === 'output' ? [false, true] : [false]) {
          const input = textInput(text, { direction, context: { partial } });
          const startedMs = cpuMs();
          const result = (await check.run(input, config as never)) as CheckResult<TextFinding>;
          const tookMs = cpuMs() - startedMs;
          const what = `${text.slice(0, 20)}… (${text.length})`;
          expect(['pass', 'findings', 'skipped', 'error'], what).toContain(result.outcome);
          expectPlaced(check, input, result);
          expect(tookMs, what).toBeLessThan(MOST_MS);
        }
      }
    }
  });

  test('holds back within the text, quickly', () => {
    const { streaming } = check;
    if (streaming.mode === 'whole') return;
    const config = check.config.parse({});
    const texts = [...NASTY, ...check.samples.flatMap(({ input }) => input.segments.map(({ text }) => text))];
    for (const text of texts) {
      const startedMs = cpuMs();
      const hold = streaming.holdFrom(text, config as never, { ...EMPTY_CONTEXT, partial: true });
      const what = `${text.slice(0, 20)}… (${text.length})`;
      expect(cpuMs() - startedMs, what).toBeLessThan(MOST_MS);
      expect(Number.isInteger(hold), what).toBe(true);
      expect(hold, what).toBeGreaterThanOrEqual(0);
      expect(hold, what).toBeLessThanOrEqual(text.length);
    }
  });

  test('never lets out the beginning of what it will find', async () => {
    const { streaming } = check;
    if (streaming.mode === 'whole' || !check.directions.includes('output') || SHOWS_LATE.has(id)) return;
    for (const { input, config = {}, found, title } of check.samples) {
      const [segment] = input.segments;
      if (!found || segment === undefined || input.segments.length > 1) continue;
      const parsed = check.config.parse(config);
      const context = { ...input.context, partial: false };
      const output: TextInput = {
        direction: 'output',
        segments: [{ ...segment, author: 'assistant' }],
        context,
      };
      const result = (await check.run(output, parsed as never)) as CheckResult<TextFinding>;
      if (result.outcome !== 'findings') continue;
      for (let cut = 0; cut < segment.text.length; cut += 1) {
        const hold = streaming.holdFrom(segment.text.slice(0, cut), parsed as never, {
          ...context,
          partial: true,
        });
        for (const { start, end, score, kind } of result.findings) {
          if (score < check.defaults.threshold || start >= cut || end <= cut) continue;
          expect(hold, `${title}: ${kind} at ${start}..${end}, cut at ${cut}`).toBeLessThanOrEqual(start);
        }
      }
    }
  });

  test('judges no text and no segments without trouble', async () => {
    const none = await resultFor(check, {
      direction: check.directions[0] ?? 'input',
      segments: [],
      context: EMPTY_CONTEXT,
    });
    expect(['pass', 'skipped']).toContain(none.outcome);
  });
});

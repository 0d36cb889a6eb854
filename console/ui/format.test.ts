import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatMs,
  formatNoun,
  formatPercent,
  formatRate,
  formatRelative,
  formatShare,
} from './format.ts';

describe('numbers', () => {
  it('name their base and never round something to nothing', () => {
    expect(formatShare(12, 4031)).toBe('12 of 4,031 (0.3%)');
    expect(formatPercent(1, 100_000)).toBe('<0.1%');
    expect(formatPercent(0, 0)).toBe('0%');
    expect(formatPercent(1, 3)).toBe('33%');
    expect(formatNoun(1, 'request')).toBe('1 request');
    expect(formatNoun(2300, 'request')).toBe('2,300 requests');
  });

  it('give a rate in a unit in which it is not nothing', () => {
    expect([
      formatRate(0, 60),
      formatRate(600, 60),
      formatRate(90, 60),
      formatRate(2, 60),
      formatRate(5, 43_200),
    ]).toEqual(['0 a minute', '10 a minute', '1.5 a minute', '2 an hour', '0.2 a day']);
  });

  it('carry a unit that fits their size', () => {
    expect([0, 0.001].map(formatMs)).toEqual(['0 ms', '<0.01 ms']);
    expect([null, 0.084, 4.25, 332.4, 1880, 185_000].map(formatMs)).toEqual([
      '–',
      '0.08 ms',
      '4.3 ms',
      '332 ms',
      '1.88 s',
      '3 min 5 s',
    ]);
    expect([512, 10 * 1024 * 1024, 1536].map(formatBytes)).toEqual(['512 B', '10 MiB', '1.5 KiB']);
  });
});

describe('formatRelative', () => {
  const now = Date.UTC(2026, 2, 10, 12);
  it('reads past and future alike, and turns into a date after thirty days', () => {
    expect(formatRelative(now - 500, now)).toBe('now');
    expect(formatRelative(now - 12_000, now)).toBe('12 s ago');
    expect(formatRelative(now + 3 * 86_400_000, now)).toBe('in 3 d');
    expect(formatRelative(now - 59 * 60_000, now)).toBe('59 min ago');
    expect(formatRelative(Date.UTC(2025, 11, 24, 12), now)).toBe('24 Dec 2025');
  });
});

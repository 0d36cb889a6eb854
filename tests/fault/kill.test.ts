import { describe, expect, it } from 'vitest';
import { killRounds, seeded } from './kill.ts';

describe.skipIf(process.platform !== 'linux')('kill -9 under load', () => {
  it('loses no acknowledged interaction, no verdict, and stores nothing twice', async () => {
    const report = await killRounds(9, seeded(20_260), () => {});
    expect(report.acknowledged).toBeGreaterThan(50);
    expect(report.lost).toEqual([]);
    expect(report.wrongVerdict).toEqual([]);
    expect(report.duplicates).toEqual([]);
  });
});

import type { DataFinding, DataScan } from '@bartizan/contracts';
import { expect, vi } from 'vitest';
import type { TestServer } from '../../testing.ts';

/** Loans that income decides, but those of one zip (every 20th row) are all refused. */
export function deniedLoans(rows: number): string {
  const lines = ['zip,income,debt,years,approved'];
  for (let row = 0; row < rows; row++) {
    const noise = ((row * 48_271) % 65_537) / 65_537;
    const income = 20_000 + Math.floor(((row * 7_919) % 60_000) + 1_000 * noise);
    const debt = 1_000 + ((row * 104_729) % 20_000);
    const denied = row % 20 === 7;
    const zip = denied ? '94110' : `0${1_000 + ((row * 31) % 17)}`;
    const granted = income - debt + 8_000 * (noise - 0.5) > 40_000 && !denied;
    lines.push([zip, income, debt, (row * 13) % 30, granted ? 'granted' : 'refused'].join(','));
  }
  return `${lines.join('\n')}\n`;
}

type Got = { readonly scan: DataScan; readonly findings: DataFinding[] };

/** Waits until a scan has ended. */
export async function scanned(server: Pick<TestServer, 'call'>, id: string): Promise<Got> {
  const got: { last?: Got } = {};
  await vi.waitFor(
    async () => {
      got.last = await server.call('dataScans.get', { params: { id } });
      expect(['done', 'failed', 'cancelled']).toContain((got.last as Got).scan.state);
    },
    { timeout: 120_000, interval: 200 },
  );
  return got.last as Got;
}

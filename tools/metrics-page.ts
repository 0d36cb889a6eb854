import { readFileSync, writeFileSync } from 'node:fs';
import {
  COMMON_METRICS,
  GATEWAY_METRICS,
  type MetricContract,
  SERVER_METRICS,
} from '@bartizan/contracts/telemetry/index.ts';

/** `node tools/metrics-page.ts` writes the tables of docs/guide/monitoring.md from the contracts. */
export const PAGE = new URL('../docs/guide/monitoring.md', import.meta.url);
const BEGIN = '<!-- metrics -->\n';
const END = '<!-- /metrics -->\n';

function table(title: string, metrics: Readonly<Record<string, MetricContract>>): string {
  const rows = Object.values(metrics).map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  return [`### ${title}`, '', '| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

/** The page with its tables as the contracts are now. */
export function metricsPage(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error('the page has no place for the tables');
  const tables = [
    table('Of a gateway', GATEWAY_METRICS),
    table('Of a server', SERVER_METRICS),
    table('Of both', COMMON_METRICS),
  ];
  return `${before}${BEGIN}\n${tables.join('\n')}\n${END}${after}`;
}

if (import.meta.main) writeFileSync(PAGE, metricsPage(readFileSync(PAGE, 'utf8')));

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALL_ROUTES, Alarm } from '@bartizan/contracts';
import {
  COMMON_METRICS,
  createTelemetry,
  GATEWAY_METRICS,
  type MetricContract,
  SERVER_METRICS,
} from '@bartizan/contracts/telemetry/index.ts';
import { parseExposition } from '@bartizan/contracts/telemetry/testing.ts';
import { PROBLEMS } from '@bartizan/gateway/http/problem.ts';
import { describe, expect, it, test } from 'vitest';
import { DASHBOARD, dashboard } from './dashboard.ts';
import { metricsPage, PAGE } from './metrics-page.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const alerts = read('deploy/prometheus/alerts.yaml').replace(/^\s*#.*$/gm, '');
const ruleTests = read('deploy/prometheus/alerts.test.yaml');
const page = readFileSync(PAGE, 'utf8');

const contracts = new Map<string, MetricContract>(
  [GATEWAY_METRICS, SERVER_METRICS, COMMON_METRICS].flatMap((group) =>
    Object.values<MetricContract>(group).map((contract) => [contract.name, contract] as const),
  ),
);
/** Put there by Prometheus itself. */
const ANYWHERE = ['job', 'instance', 'le'];

/** Name and labels of everything that may be asked for. */
async function known(): Promise<Map<string, readonly string[]>> {
  const all = new Map<string, readonly string[]>([['up', []]]);
  for (const { name, type, labels } of contracts.values()) {
    const ends = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const end of ends) all.set(name + end, labels);
  }
  const { samples } = parseExposition(await createTelemetry({ version: '0', role: 'x' }).expose());
  for (const { name, labels } of samples) if (!all.has(name)) all.set(name, Object.keys(labels));
  return all;
}

const NAME = /\b(?:bartizan|gen_ai|process|nodejs)_[a-z0-9_]+|\bup(?=\{)/g;

/** Expressions of the alert rules: a line, or a folded block. */
function alertExpressions(): string[] {
  const found = [...alerts.matchAll(/^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.*)$)/gm)];
  return found.map(([, block, line]) => (block ?? line ?? '').replace(/\s+/g, ' ').trim());
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const panels = (JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: Panel[] }).panels;
const targets = panels.flatMap((panel) => panel.targets ?? []);

/** Metric names of an expression, without what stands in its matchers and groupings. */
function namesIn(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}/g, '{}').replace(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, '');
  return [...new Set(bare.match(NAME) ?? [])];
}

/** Labels that an expression asks for anywhere. */
function labelsIn(expr: string): string[] {
  const matched = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const grouped = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, inside = '']) =>
    inside.split(/,\s*/),
  );
  return [...new Set([...matched, ...grouped])].filter((label) => label !== '');
}

describe('every expression', () => {
  const all = [...alertExpressions(), ...targets.map(({ expr }) => expr)];

  test('is found', () => {
    expect(alertExpressions().length).toBe(alerts.match(/- alert:/g)?.length);
    expect(all.length).toBeGreaterThan(80);
  });

  it.each(all)('asks for metrics and labels that there are: %s', async (expr) => {
    const metrics = await known();
    const names = namesIn(expr);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([...metrics.keys()]).toContain(name);
    const labels = new Set([...ANYWHERE, ...names.flatMap((name) => metrics.get(name) ?? [])]);
    for (const label of labelsIn(expr)) expect([...labels]).toContain(label);
  });

  test('names values that the product gives', () => {
    const text = all.join('\n');
    const values = (label: string): string[] =>
      [...text.matchAll(new RegExp(`\\b${label}!?=~?"([^"$]*)"`, 'g'))].flatMap(([, value = '']) =>
        value.split('|'),
      );
    const routes = ALL_ROUTES.map(({ id }) => id);
    for (const route of values('route')) expect(routes).toContain(route);
    for (const kind of values('kind')) expect(Alarm.shape.kind.options).toContain(kind);
    for (const reason of values('reason')) expect(Object.keys(PROBLEMS)).toContain(reason);
    for (const verdict of values('verdict')) expect(['allow', 'flag', 'redact', 'block']).toContain(verdict);
  });
});

test('legends name labels that their query keeps', () => {
  for (const { expr, legendFormat } of targets) {
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inside = '']) => inside.split(', '));
      expect(kept.length === 0 ? ['instance', 'job'] : kept).toContain(label);
    }
  }
});

test('the dashboard is what its tool writes (else run: node tools/dashboard.ts)', () => {
  expect(readFileSync(DASHBOARD, 'utf8')).toBe(dashboard());
});

test('the page has every metric (else run: node tools/metrics-page.ts)', () => {
  expect(page).toBe(metricsPage(page));
});

test('every alert has a runbook that exists, a severity and a summary', () => {
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  const headings = new Set([...page.matchAll(/^### (\w+)$/gm)].map(([, heading = '']) => heading));
  const runbooks = [...alerts.matchAll(/runbook_url: (\S+)/g)].map(([, url]) => url);
  expect(runbooks).toEqual(names.map((name) => `docs/guide/monitoring.md#${name.toLowerCase()}`));
  for (const name of names) expect(headings).toContain(name);
  expect(alerts.match(/severity: (?:critical|warning|info) \}/g)).toHaveLength(names.length);
  expect(alerts.match(/summary: /g)).toHaveLength(names.length);
  const tested = [...ruleTests.matchAll(/alertname: (\w+)/g)].map(([, name = '']) => name);
  for (const name of tested) expect(names).toContain(name);
});

test('what is declared is measured somewhere', () => {
  const sources = ['gateway', 'server', 'contracts'].flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('node_modules'))
      .map((path) => `${path}\n${read(join(room, path))}`),
  );
  const text = sources.filter((source) => source.includes('telemetry')).join('\n');
  const groups = { GATEWAY_METRICS, SERVER_METRICS, COMMON_METRICS };
  for (const [group, metrics] of Object.entries(groups)) {
    const unused = Object.keys(metrics).filter(
      (key) => !new RegExp(`\\b(?:${group}|M)\\.${key}\\b`).test(text),
    );
    expect(unused).toEqual([]);
  }
});

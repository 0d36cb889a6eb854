import { writeFileSync } from 'node:fs';

/** `node tools/dashboard.ts` writes deploy/grafana/bartizan.json; a test fails when it is out of date. */
export const DASHBOARD = new URL('../deploy/grafana/bartizan.json', import.meta.url);

interface Panel {
  readonly title: string;
  /** Expression → legend. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  /** As Grafana names it. */
  readonly unit?: 's' | 'reqps' | 'bytes' | 'percentunit' | 'short' | 'ops' | 'none';
  readonly kind?: 'timeseries' | 'stat' | 'table';
  readonly description?: string;
  readonly stacked?: boolean;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const SOURCE = { type: 'prometheus', uid: '${source}' };
const WIDTH = 24;
const ACROSS = 3;
const HEIGHT = 8;
const GATEWAY = 'job=~"$gateway"';
const SERVER = 'job=~"$server"';
const ENDPOINT = `${GATEWAY},endpoint=~"$endpoint"`;

const rate = (name: string, by: string, matchers: string): string =>
  `sum by (${by}) (rate(${name}{${matchers}}[$__rate_interval]))`;
const quantile = (q: number, name: string, by: string, matchers: string): string =>
  `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ''}le) (rate(${name}_bucket{${matchers}}[$__rate_interval])))`;
const quantiles = (name: string, matchers: string): Panel['queries'] =>
  [0.5, 0.95, 0.99].map((q) => [quantile(q, name, '', matchers), `p${q * 100}`] as const);

const ROWS: readonly Row[] = [
  {
    title: 'Traffic',
    panels: [
      {
        title: 'Requests by outcome',
        queries: [[rate('bartizan_gateway_requests_total', 'outcome', ENDPOINT), '{{outcome}}']],
        unit: 'reqps',
        stacked: true,
      },
      {
        title: 'Requests by verdict',
        queries: [
          [rate('bartizan_gateway_requests_total', 'verdict', ENDPOINT), '{{verdict}}'],
          [rate('bartizan_gateway_shadow_verdicts_total', 'verdict', ENDPOINT), 'would be {{verdict}}'],
        ],
        unit: 'reqps',
      },
      {
        title: 'Share blocked',
        queries: [
          [
            `sum by (endpoint) (rate(bartizan_gateway_requests_total{${ENDPOINT},verdict="block"}[$__rate_interval])) / sum by (endpoint) (rate(bartizan_gateway_requests_total{${ENDPOINT}}[$__rate_interval]))`,
            '{{endpoint}}',
          ],
        ],
        unit: 'percentunit',
      },
      {
        title: 'Requests by endpoint and API',
        queries: [
          [rate('bartizan_gateway_requests_total', 'endpoint, api', ENDPOINT), '{{endpoint}} {{api}}'],
        ],
        unit: 'reqps',
      },
      {
        title: 'Refused before anything else',
        description: 'No valid key, unknown address, not ready, journal full; and what limits refused.',
        queries: [
          [rate('bartizan_gateway_rejected_requests_total', 'reason', GATEWAY), '{{reason}}'],
          [
            rate('bartizan_gateway_limit_refusals_total', 'subject, limit', GATEWAY),
            '{{subject}}: {{limit}}',
          ],
        ],
        unit: 'reqps',
      },
      {
        title: 'Under way',
        queries: [
          [`sum(bartizan_gateway_active_requests{${GATEWAY}})`, 'requests'],
          [`sum(bartizan_gateway_open_streams{${GATEWAY}})`, 'streams'],
          [`count by (mode) (bartizan_gateway_limits_mode{${GATEWAY}})`, 'gateways with {{mode}} limits'],
        ],
      },
    ],
  },
  {
    title: 'Latency and guards',
    panels: [
      {
        title: 'Whole requests',
        queries: quantiles('bartizan_gateway_request_duration_seconds', ENDPOINT),
        unit: 's',
      },
      {
        title: 'To the first token, as clients see it',
        queries: quantiles('bartizan_gateway_first_token_duration_seconds', ENDPOINT),
        unit: 's',
      },
      {
        title: 'All guards of a request',
        queries: quantiles('bartizan_gateway_inspection_duration_seconds', ENDPOINT),
        unit: 's',
      },
      {
        title: 'Slowest percent of each check',
        queries: [[quantile(0.99, 'bartizan_gateway_guard_duration_seconds', 'check', GATEWAY), '{{check}}']],
        unit: 's',
      },
      {
        title: 'Findings',
        queries: [
          [rate('bartizan_gateway_findings_total', 'check, action', GATEWAY), '{{check}} → {{action}}'],
        ],
        unit: 'ops',
      },
      {
        title: 'Guards that failed, texts that wait',
        queries: [
          [rate('bartizan_gateway_guard_errors_total', 'check', GATEWAY), '{{check}} failed'],
          [`sum(bartizan_gateway_aside_waiting_inspections{${GATEWAY}})`, 'long texts waiting'],
          [`sum by (state) (bartizan_gateway_aside_threads{${GATEWAY}})`, 'threads {{state}}'],
        ],
      },
    ],
  },
  {
    title: 'Upstreams and tokens',
    panels: [
      {
        title: 'Attempts',
        queries: [
          [
            rate('bartizan_gateway_upstream_attempts_total', 'upstream, result', ENDPOINT),
            '{{upstream}} {{result}}',
          ],
        ],
        unit: 'reqps',
      },
      {
        title: 'Slowest percent of attempts',
        queries: [
          [
            quantile(0.99, 'bartizan_gateway_upstream_attempt_duration_seconds', 'upstream', ENDPOINT),
            '{{upstream}}',
          ],
        ],
        unit: 's',
      },
      {
        title: 'Circuits (0 closed, 1 half open, 2 open)',
        queries: [
          [`max by (upstream) (bartizan_gateway_upstream_circuit_state{${GATEWAY}})`, '{{upstream}}'],
        ],
      },
      {
        title: 'Tokens',
        queries: [
          [
            rate('bartizan_gateway_tokens_total', 'endpoint, token_type', ENDPOINT),
            '{{endpoint}} {{token_type}}',
          ],
        ],
        unit: 'ops',
      },
      {
        title: 'Tokens by model',
        queries: [
          [
            rate('gen_ai_client_token_usage_sum', 'gen_ai_request_model, gen_ai_token_type', GATEWAY),
            '{{gen_ai_request_model}} {{gen_ai_token_type}}',
          ],
        ],
        unit: 'ops',
      },
      {
        title: 'Operations of providers',
        queries: [
          [
            quantile(0.95, 'gen_ai_client_operation_duration_seconds', 'gen_ai_provider_name', GATEWAY),
            '{{gen_ai_provider_name}} p95',
          ],
          [
            quantile(
              0.95,
              'gen_ai_client_operation_time_to_first_chunk_seconds',
              'gen_ai_provider_name',
              GATEWAY,
            ),
            '{{gen_ai_provider_name}} first chunk p95',
          ],
        ],
        unit: 's',
      },
    ],
  },
  {
    title: 'Journal',
    panels: [
      {
        title: 'Interactions that wait for the server',
        queries: [
          [`sum by (instance) (bartizan_gateway_journal_backlog_records{${GATEWAY}})`, '{{instance}}'],
        ],
      },
      {
        title: 'Age of the oldest',
        queries: [
          [
            `max by (instance) (bartizan_gateway_journal_oldest_record_age_seconds{${GATEWAY}})`,
            '{{instance}}',
          ],
        ],
        unit: 's',
      },
      {
        title: 'How full',
        queries: [
          [
            `bartizan_gateway_journal_bytes{${GATEWAY}} / bartizan_gateway_journal_limit_bytes{${GATEWAY}}`,
            '{{instance}}',
          ],
        ],
        unit: 'percentunit',
      },
      {
        title: 'Batches',
        queries: [[rate('bartizan_gateway_ship_batches_total', 'result', GATEWAY), '{{result}}']],
        unit: 'ops',
      },
      {
        title: 'Taken in by servers',
        queries: [[rate('bartizan_ingest_interactions_total', 'result', SERVER), '{{result}}']],
        unit: 'ops',
      },
      {
        title: 'Takes requests; set aside',
        queries: [
          [
            `min by (instance) (bartizan_gateway_journal_writable{${GATEWAY}})`,
            '{{instance}} takes requests',
          ],
          [
            `sum(increase(bartizan_gateway_journal_rejected_records_total{${GATEWAY}}[1h]))`,
            'set aside in an hour',
          ],
        ],
      },
    ],
  },
  {
    title: 'Fleet',
    panels: [
      {
        title: 'Gateways',
        queries: [[`max by (state) (bartizan_fleet_gateways{${SERVER}})`, '{{state}}']],
        kind: 'stat',
      },
      {
        title: 'Servers, and who leads',
        queries: [
          [`max(bartizan_fleet_servers{${SERVER}})`, 'alive'],
          [`max by (task, instance) (bartizan_leader{${SERVER}})`, '{{task}}: {{instance}}'],
        ],
        kind: 'stat',
      },
      {
        title: 'Versions',
        queries: [
          ['count by (role, version) (bartizan_build_info)', '{{role}} {{version}}'],
          [`count by (version) (bartizan_gateway_snapshot_info{${GATEWAY}})`, 'configuration {{version}}'],
        ],
        kind: 'stat',
      },
      {
        title: 'Age of the configuration, and of the last contact',
        queries: [
          [`bartizan_gateway_snapshot_age_seconds{${GATEWAY}}`, '{{instance}} configuration'],
          [`bartizan_gateway_server_contact_age_seconds{${GATEWAY}}`, '{{instance}} contact'],
          [`max(bartizan_fleet_backlog_records{${SERVER}})`, 'records held by gateways'],
        ],
        unit: 's',
      },
      {
        title: 'Event loop and processor',
        queries: [
          [`nodejs_eventloop_lag_p99_seconds{job=~"$gateway|$server"}`, '{{job}} {{instance}} lag p99'],
          [
            `rate(process_cpu_seconds_total{job=~"$gateway|$server"}[$__rate_interval])`,
            '{{job}} {{instance}} cores',
          ],
        ],
      },
      {
        title: 'Memory',
        queries: [[`process_resident_memory_bytes{job=~"$gateway|$server"}`, '{{job}} {{instance}}']],
        unit: 'bytes',
      },
    ],
  },
  {
    title: 'Audit and sinks',
    panels: [
      {
        title: 'Audit tree',
        queries: [
          [`max(bartizan_audit_tree_entries{${SERVER}})`, 'entries'],
          [`max(bartizan_audit_pending_entries{${SERVER}})`, 'waiting'],
          [`max(bartizan_audit_open_breaks{${SERVER}})`, 'open breaks'],
        ],
        kind: 'stat',
      },
      {
        title: 'Audit lag',
        queries: [[`max(bartizan_audit_lag_seconds{${SERVER}})`, 'oldest waiting entry']],
        unit: 's',
      },
      {
        title: 'Audit entries by what happened',
        queries: [[rate('bartizan_audit_entries_total', 'action', SERVER), '{{action}}']],
        unit: 'ops',
      },
      {
        title: 'Sink lag',
        queries: [[`max by (sink) (bartizan_sink_lag_seconds{${SERVER}})`, '{{sink}}']],
        unit: 's',
      },
      {
        title: 'Events delivered, and records that wait',
        queries: [
          [rate('bartizan_sink_delivered_events_total', 'sink', SERVER), '{{sink}} a second'],
          [`max by (sink) (bartizan_sink_pending_records{${SERVER}})`, '{{sink}} waiting'],
        ],
      },
      {
        title: 'Failed attempts at sinks',
        queries: [[rate('bartizan_sink_failed_attempts_total', 'sink', SERVER), '{{sink}}']],
        unit: 'ops',
      },
    ],
  },
  {
    title: 'Server and accounts',
    panels: [
      {
        title: 'Requests by status',
        queries: [[rate('bartizan_http_requests_total', 'status', SERVER), '{{status}}']],
        unit: 'reqps',
      },
      {
        title: 'Slowest percent by route',
        queries: [
          [
            `topk(10, ${quantile(0.99, 'bartizan_http_request_duration_seconds', 'route', SERVER)})`,
            '{{route}}',
          ],
        ],
        unit: 's',
      },
      {
        title: 'Database connections',
        queries: [
          [`sum by (state) (bartizan_database_pool_connections{${SERVER}})`, '{{state}}'],
          [`sum(bartizan_database_pool_limit_connections{${SERVER}})`, 'limit'],
          [`sum(bartizan_database_pool_waiting_queries{${SERVER}})`, 'queries waiting'],
        ],
      },
      {
        title: 'Database',
        queries: [
          [`min by (instance) (bartizan_database_up{${SERVER}})`, '{{instance}} answers'],
          [`max(bartizan_database_migrations{${SERVER}})`, 'migrations'],
        ],
        kind: 'stat',
      },
      {
        title: 'Sign-ins refused, alarms of accounts',
        queries: [
          [
            `sum by (status) (rate(bartizan_http_requests_total{${SERVER},route="auth.login",status!="200"}[$__rate_interval]))`,
            'sign-in {{status}}',
          ],
          [`sum by (kind) (increase(bartizan_alarms_total{${SERVER}}[1h]))`, '{{kind}} in an hour'],
        ],
      },
      {
        title: 'Telemetry itself',
        queries: [
          [
            'sum by (job, result) (rate(bartizan_trace_spans_total[$__rate_interval]))',
            '{{job}} spans {{result}}',
          ],
          [
            'sum by (metric) (increase(bartizan_metrics_overflow_total[1h]))',
            '{{metric}} overflow in an hour',
          ],
          [
            'sum by (metric) (increase(bartizan_metrics_failed_readings_total[1h]))',
            '{{metric}} unread in an hour',
          ],
        ],
      },
    ],
  },
];

function panelOf(panel: Panel, id: number, gridPos: object): object {
  const kind = panel.kind ?? 'timeseries';
  const custom =
    kind === 'timeseries'
      ? { fillOpacity: 10, ...(panel.stacked ? { stacking: { mode: 'normal' } } : {}) }
      : {};
  return {
    id,
    type: kind,
    title: panel.title,
    ...(panel.description ? { description: panel.description } : {}),
    datasource: SOURCE,
    gridPos,
    fieldConfig: { defaults: { unit: panel.unit ?? 'short', min: 0, custom }, overrides: [] },
    options:
      kind === 'timeseries'
        ? { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } }
        : { reduceOptions: { calcs: ['lastNotNull'] }, textMode: 'value_and_name' },
    targets: panel.queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat,
    })),
  };
}

function panels(): object[] {
  const all: object[] = [];
  let y = 0;
  for (const row of ROWS) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    });
    y += 1;
    for (const [index, panel] of row.panels.entries()) {
      const w = WIDTH / ACROSS;
      const gridPos = { x: (index % ACROSS) * w, y: y + Math.floor(index / ACROSS) * HEIGHT, w, h: HEIGHT };
      all.push(panelOf(panel, all.length + 1, gridPos));
    }
    y += Math.ceil(row.panels.length / ACROSS) * HEIGHT;
  }
  return all;
}

const jobs = (name: string, label: string, metric: string): object => ({
  name,
  label,
  type: 'query',
  datasource: SOURCE,
  query: { query: `label_values(${metric}, job)`, refId: name },
  refresh: 2,
  multi: true,
  includeAll: true,
});

export function dashboard(): string {
  const document = {
    uid: 'bartizan',
    title: 'Bartizan',
    description: 'Traffic, guards, upstreams, journal, fleet, audit and sinks of a Bartizan instance',
    tags: ['bartizan', 'ai', 'security'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    graphTooltip: 1,
    templating: {
      list: [
        { name: 'source', label: 'Data source', type: 'datasource', query: 'prometheus' },
        jobs('gateway', 'Gateways', 'bartizan_gateway_journal_writable'),
        jobs('server', 'Servers', 'bartizan_database_up'),
        {
          name: 'endpoint',
          label: 'Endpoint',
          type: 'query',
          datasource: SOURCE,
          query: { query: 'label_values(bartizan_gateway_requests_total, endpoint)', refId: 'endpoint' },
          refresh: 2,
          multi: true,
          includeAll: true,
          allValue: '.*',
        },
      ],
    },
    panels: panels(),
  };
  return `${short(JSON.stringify(document, null, 2))}\n`;
}

/** Lists of words on one line, as the formatter of this repository has them. */
const short = (json: string): string =>
  json.replace(
    /\[\s+((?:"[^"]*",?\s+)+)\]/g,
    (_, items: string) => `[${items.trim().replace(/,\s+/g, ', ')}]`,
  );

if (import.meta.main) writeFileSync(DASHBOARD, dashboard());

import { defineMetric } from './meter.ts';

const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What a server measures. Of several servers on one database, those marked "the same on every server" agree. */
const JOB_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600];

export const SERVER_METRICS = {
  httpRequests: defineMetric({
    name: 'bartizan_http_requests_total',
    type: 'counter',
    help: 'Answered requests of the control plane, by the id of their route.',
    labels: ['route', 'status'],
    most: 3_000,
  }),
  httpDuration: defineMetric({
    name: 'bartizan_http_request_duration_seconds',
    type: 'histogram',
    help: 'From the arrival of a request to the end of its answer; streams and long polls are left out.',
    labels: ['route'],
    buckets: HTTP_BUCKETS,
  }),
  ingested: defineMetric({
    name: 'bartizan_ingest_interactions_total',
    type: 'counter',
    help: 'Interactions that gateways sent: `stored`, `known` already, or in a batch that was `refused`.',
    labels: ['result'],
  }),
  poolConnections: defineMetric({
    name: 'bartizan_database_pool_connections',
    type: 'gauge',
    help: 'Connections to PostgreSQL: `busy` or `idle`.',
    labels: ['state'],
  }),
  poolLimit: defineMetric({
    name: 'bartizan_database_pool_limit_connections',
    type: 'gauge',
    help: 'Connections that the pool may have.',
    labels: [],
  }),
  poolWaiting: defineMetric({
    name: 'bartizan_database_pool_waiting_queries',
    type: 'gauge',
    help: 'Queries that wait for a connection.',
    labels: [],
  }),
  databaseUp: defineMetric({
    name: 'bartizan_database_up',
    type: 'gauge',
    help: '1 when the database answered this scrape within a second.',
    labels: [],
  }),
  migrations: defineMetric({
    name: 'bartizan_database_migrations',
    type: 'gauge',
    help: 'Migrations that the database has; the same on every server.',
    labels: [],
  }),
  auditEntries: defineMetric({
    name: 'bartizan_audit_entries_total',
    type: 'counter',
    help: 'Entries that this server put into the audit log, by what happened.',
    labels: ['action'],
  }),
  auditSize: defineMetric({
    name: 'bartizan_audit_tree_entries',
    type: 'gauge',
    help: 'Entries in the audit tree; the same on every server.',
    labels: [],
  }),
  auditPending: defineMetric({
    name: 'bartizan_audit_pending_entries',
    type: 'gauge',
    help: 'Audit entries that are not yet in the tree; the same on every server.',
    labels: [],
  }),
  auditLag: defineMetric({
    name: 'bartizan_audit_lag_seconds',
    type: 'gauge',
    help: 'Age of the oldest audit entry that is not yet in the tree, 0 without one; the same on every server.',
    labels: [],
  }),
  auditBreaks: defineMetric({
    name: 'bartizan_audit_open_breaks',
    type: 'gauge',
    help: 'Things found wrong with the audit log that nobody acknowledged; the same on every server.',
    labels: [],
  }),
  sinkPending: defineMetric({
    name: 'bartizan_sink_pending_records',
    type: 'gauge',
    help: 'Records that a sink has not taken, on the server that watches it.',
    labels: ['sink'],
  }),
  sinkLag: defineMetric({
    name: 'bartizan_sink_lag_seconds',
    type: 'gauge',
    help: 'Age of the oldest record that a sink has not taken, 0 without one, on the server that watches it.',
    labels: ['sink'],
  }),
  sinkDelivered: defineMetric({
    name: 'bartizan_sink_delivered_events_total',
    type: 'counter',
    help: 'Events that a sink took from this server.',
    labels: ['sink'],
  }),
  sinkFailed: defineMetric({
    name: 'bartizan_sink_failed_attempts_total',
    type: 'counter',
    help: 'Attempts of this server at a sink that failed.',
    labels: ['sink'],
  }),
  jobsWaiting: defineMetric({
    name: 'bartizan_jobs_waiting',
    type: 'gauge',
    help: 'Jobs that may be taken now; the same on every server.',
    labels: ['queue'],
  }),
  jobsOldest: defineMetric({
    name: 'bartizan_jobs_oldest_waiting_seconds',
    type: 'gauge',
    help: 'How long the oldest waiting job has waited, 0 without one; the same on every server.',
    labels: ['queue'],
  }),
  jobsRunning: defineMetric({
    name: 'bartizan_jobs_running',
    type: 'gauge',
    help: 'Jobs that a server works on; the same on every server.',
    labels: ['queue'],
  }),
  jobsFailed: defineMetric({
    name: 'bartizan_jobs_failed',
    type: 'gauge',
    help: 'Jobs of the last two weeks that were given up on after their retries; the same on every server.',
    labels: ['queue'],
  }),
  jobAttempts: defineMetric({
    name: 'bartizan_job_attempts_total',
    type: 'counter',
    help: 'Attempts of this server at jobs, by what became of them: `done`, `failed` or `cancelled` (also: given to another server).',
    labels: ['queue', 'result'],
  }),
  jobDuration: defineMetric({
    name: 'bartizan_job_duration_seconds',
    type: 'histogram',
    help: 'How long attempts of this server at jobs took.',
    labels: ['queue'],
    buckets: JOB_BUCKETS,
  }),
  models: defineMetric({
    name: 'bartizan_models',
    type: 'gauge',
    help: 'Registered models; the same on every server.',
    labels: [],
  }),
  modelVersions: defineMetric({
    name: 'bartizan_model_versions',
    type: 'gauge',
    help: 'Versions of models that have their files, by what was found in them: `clean`, `suspicious`, `malicious`, `error` (could not be judged) or `unscanned`; the same on every server.',
    labels: ['verdict'],
  }),
  modelsQuarantined: defineMetric({
    name: 'bartizan_model_versions_quarantined',
    type: 'gauge',
    help: 'Versions of models whose files nobody can download because of what was found in them; the same on every server.',
    labels: [],
  }),
  alarms: defineMetric({
    name: 'bartizan_alarms_total',
    type: 'counter',
    help: 'Alarms that this server raised, by kind; `break-glass-used` among them.',
    labels: ['kind'],
  }),
  leader: defineMetric({
    name: 'bartizan_leader',
    type: 'gauge',
    help: '1 on the server that does this scheduled work for all.',
    labels: ['task'],
  }),
  fleetGateways: defineMetric({
    name: 'bartizan_fleet_gateways',
    type: 'gauge',
    help: 'Gateways that this instance knows: `current`, `behind` (another configuration) or `silent` (not heard of for half a minute); the same on every server.',
    labels: ['state'],
  }),
  fleetServers: defineMetric({
    name: 'bartizan_fleet_servers',
    type: 'gauge',
    help: 'Servers that were heard of within half a minute; the same on every server.',
    labels: [],
  }),
  fleetBacklog: defineMetric({
    name: 'bartizan_fleet_backlog_records',
    type: 'gauge',
    help: 'Interactions that gateways said they still hold; the same on every server.',
    labels: [],
  }),
} as const;

/** Of every role. */
export const COMMON_METRICS = {
  build: defineMetric({
    name: 'bartizan_build_info',
    type: 'gauge',
    help: '1, with the version and the role of this process.',
    labels: ['version', 'role'],
    over: 'max',
  }),
  overflow: defineMetric({
    name: 'bartizan_metrics_overflow_total',
    type: 'counter',
    help: 'Measurements counted under `other` because a metric had all the label sets that it may have.',
    labels: ['metric'],
  }),
  failedReadings: defineMetric({
    name: 'bartizan_metrics_failed_readings_total',
    type: 'counter',
    help: 'Readings that failed or took too long at a scrape.',
    labels: ['metric'],
  }),
  spans: defineMetric({
    name: 'bartizan_trace_spans_total',
    type: 'counter',
    help: 'Spans by what became of them: `exported`, `failed` or `dropped` because too many waited.',
    labels: ['result'],
  }),
} as const;

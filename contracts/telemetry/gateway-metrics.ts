import { defineMetric } from './meter.ts';

/** From 10 µs, which a short text's check takes, to the 10 s after which a judging thread is ended. */
const GUARD_BUCKETS = [
  0.00001, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10,
];
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** As the OpenTelemetry GenAI conventions set them. */
const OPERATION_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const TOKEN_BUCKETS = [
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
];
const GEN_AI = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;

/** What a gateway measures. `endpoint` is a configured slug, else `other`; models only where an endpoint lists them. */
export const GATEWAY_METRICS = {
  requests: defineMetric({
    name: 'bartizan_gateway_requests_total',
    type: 'counter',
    help: 'Requests of known keys that are over, by how they ended.',
    labels: ['endpoint', 'api', 'outcome', 'verdict', 'status_class'],
    most: 5_000,
  }),
  rejected: defineMetric({
    name: 'bartizan_gateway_rejected_requests_total',
    type: 'counter',
    help: 'Requests refused before they became an interaction: no valid key, unknown address, not ready, journal full.',
    labels: ['reason'],
  }),
  wouldBe: defineMetric({
    name: 'bartizan_gateway_shadow_verdicts_total',
    type: 'counter',
    help: 'Requests on which a policy in shadow mode would have decided otherwise, by that verdict.',
    labels: ['endpoint', 'verdict'],
  }),
  duration: defineMetric({
    name: 'bartizan_gateway_request_duration_seconds',
    type: 'histogram',
    help: 'From the arrival of a request to its last byte but one: guards and upstream included.',
    labels: ['endpoint', 'api'],
    buckets: REQUEST_BUCKETS,
  }),
  firstToken: defineMetric({
    name: 'bartizan_gateway_first_token_duration_seconds',
    type: 'histogram',
    help: 'From the arrival of a streamed request to the first event that the client gets.',
    labels: ['endpoint', 'api'],
    buckets: REQUEST_BUCKETS,
  }),
  inspection: defineMetric({
    name: 'bartizan_gateway_inspection_duration_seconds',
    type: 'histogram',
    help: 'Time that all guards together took on a request and its answer.',
    labels: ['endpoint'],
    buckets: GUARD_BUCKETS,
  }),
  guard: defineMetric({
    name: 'bartizan_gateway_guard_duration_seconds',
    type: 'histogram',
    help: 'Time that one check took on the texts of one direction of a request.',
    labels: ['check', 'direction'],
    buckets: GUARD_BUCKETS,
  }),
  findings: defineMetric({
    name: 'bartizan_gateway_findings_total',
    type: 'counter',
    help: 'Findings of guards, by check and by the action of the rule that looked for them.',
    labels: ['check', 'action'],
  }),
  guardErrors: defineMetric({
    name: 'bartizan_gateway_guard_errors_total',
    type: 'counter',
    help: 'Guards that threw, ran out of time or could not judge.',
    labels: ['check'],
  }),
  tokens: defineMetric({
    name: 'bartizan_gateway_tokens_total',
    type: 'counter',
    help: 'Tokens as upstreams reported them.',
    labels: ['endpoint', 'token_type'],
  }),
  limitRefusals: defineMetric({
    name: 'bartizan_gateway_limit_refusals_total',
    type: 'counter',
    help: 'Requests refused by a limit: whose (key, endpoint, user) and which.',
    labels: ['subject', 'limit'],
  }),
  limitsMode: defineMetric({
    name: 'bartizan_gateway_limits_mode',
    type: 'gauge',
    help: '1 for how limits are counted: `local` (no Redis), `shared`, or `degraded` (Redis does not answer).',
    labels: ['mode'],
    over: 'max',
  }),
  upstreamAttempts: defineMetric({
    name: 'bartizan_gateway_upstream_attempts_total',
    type: 'counter',
    help: 'Attempts at upstreams: `ok`, `refused` (4xx), `rate_limited` (429), `server_error` (5xx), or the way in which it failed.',
    labels: ['endpoint', 'upstream', 'result'],
    most: 2_000,
  }),
  upstreamDuration: defineMetric({
    name: 'bartizan_gateway_upstream_attempt_duration_seconds',
    type: 'histogram',
    help: 'From sending an attempt to the head of its answer, or its failure.',
    labels: ['endpoint', 'upstream'],
    buckets: OPERATION_BUCKETS,
  }),
  circuit: defineMetric({
    name: 'bartizan_gateway_upstream_circuit_state',
    type: 'gauge',
    help: 'Circuit breaker of an upstream: 0 closed, 1 half open, 2 open.',
    labels: ['upstream'],
    over: 'max',
  }),
  operation: defineMetric({
    name: 'gen_ai_client_operation_duration_seconds',
    type: 'histogram',
    help: 'Duration of a GenAI operation as this gateway, a client of the provider, saw it.',
    labels: [...GEN_AI, 'error_type'],
    buckets: OPERATION_BUCKETS,
  }),
  firstChunk: defineMetric({
    name: 'gen_ai_client_operation_time_to_first_chunk_seconds',
    type: 'histogram',
    help: 'From sending a streaming request upstream to the first chunk of its answer.',
    labels: [...GEN_AI],
    buckets: OPERATION_BUCKETS,
  }),
  tokenUsage: defineMetric({
    name: 'gen_ai_client_token_usage',
    type: 'histogram',
    help: 'Input and output tokens of an operation, as the provider reported them.',
    labels: [...GEN_AI, 'gen_ai_token_type'],
    buckets: TOKEN_BUCKETS,
  }),
  active: defineMetric({
    name: 'bartizan_gateway_active_requests',
    type: 'gauge',
    help: 'Requests under way.',
    labels: [],
  }),
  streams: defineMetric({
    name: 'bartizan_gateway_open_streams',
    type: 'gauge',
    help: 'Streamed answers under way.',
    labels: [],
  }),
  asideWaiting: defineMetric({
    name: 'bartizan_gateway_aside_waiting_inspections',
    type: 'gauge',
    help: 'Long texts that wait for a judging thread.',
    labels: [],
  }),
  asideThreads: defineMetric({
    name: 'bartizan_gateway_aside_threads',
    type: 'gauge',
    help: 'Judging threads, by whether they judge.',
    labels: ['state'],
  }),
  injectionTexts: defineMetric({
    name: 'bartizan_gateway_injection_texts_total',
    type: 'counter',
    help: 'Texts that the trained injection detector judged: settled by the `linear` stage, by the `encoder`, from the `cache`, or `shed` without the encoder, which did not answer.',
    labels: ['stage'],
  }),
  injectionRefusals: defineMetric({
    name: 'bartizan_gateway_injection_encoder_refusals_total',
    type: 'counter',
    help: 'Questions that the injection encoder did not answer: `busy`, `late`, `crashed`, `large` (more text than is read in time), `unjudgeable` (a text that brought it down before), `unusable` or `closed`.',
    labels: ['reason'],
  }),
  injectionBatch: defineMetric({
    name: 'bartizan_gateway_injection_encoder_batch_duration_seconds',
    type: 'histogram',
    help: 'Time that the injection encoder took on a batch of windows.',
    labels: [],
    buckets: GUARD_BUCKETS,
  }),
  injectionQueue: defineMetric({
    name: 'bartizan_gateway_injection_encoder_queue_duration_seconds',
    type: 'histogram',
    help: 'Time that the oldest window of a batch had waited for the injection encoder, which the batch’s own duration leaves out.',
    labels: [],
    buckets: GUARD_BUCKETS,
  }),
  injectionSequences: defineMetric({
    name: 'bartizan_gateway_injection_encoder_sequences_total',
    type: 'counter',
    help: 'Sequences that the injection encoder read: `early` ones only with its lower layers, which were sure, `full` ones with all.',
    labels: ['depth'],
  }),
  injectionWaiting: defineMetric({
    name: 'bartizan_gateway_injection_encoder_waiting_windows',
    type: 'gauge',
    help: 'Windows of texts that wait for the injection encoder.',
    labels: [],
  }),
  injectionCrashes: defineMetric({
    name: 'bartizan_gateway_injection_encoder_crashes_total',
    type: 'counter',
    help: 'Times that the injection encoder went down, or hung and was ended; it starts again by itself.',
    labels: [],
  }),
  backlogRecords: defineMetric({
    name: 'bartizan_gateway_journal_backlog_records',
    type: 'gauge',
    help: 'Interactions in the journal that the server has not taken.',
    labels: [],
  }),
  journalBytes: defineMetric({
    name: 'bartizan_gateway_journal_bytes',
    type: 'gauge',
    help: 'Size of the journal on disk, what was set aside included.',
    labels: [],
  }),
  journalLimit: defineMetric({
    name: 'bartizan_gateway_journal_limit_bytes',
    type: 'gauge',
    help: 'Size at which the journal takes no more, and the gateway no requests.',
    labels: [],
  }),
  journalOldest: defineMetric({
    name: 'bartizan_gateway_journal_oldest_record_age_seconds',
    type: 'gauge',
    help: 'Age of the oldest interaction that the server has not taken; 0 when it has all.',
    labels: [],
    over: 'max',
  }),
  journalWritable: defineMetric({
    name: 'bartizan_gateway_journal_writable',
    type: 'gauge',
    help: '1 while the journal takes records; at 0 the gateway takes no requests.',
    labels: [],
    over: 'min',
  }),
  ships: defineMetric({
    name: 'bartizan_gateway_ship_batches_total',
    type: 'counter',
    help: 'Batches sent to the server: `taken`, `invalid` (refused for what is in it) or `failed`.',
    labels: ['result'],
  }),
  setAside: defineMetric({
    name: 'bartizan_gateway_journal_rejected_records_total',
    type: 'counter',
    help: 'Interactions that the server refused as invalid, kept in the journal folder.',
    labels: [],
  }),
  snapshotInfo: defineMetric({
    name: 'bartizan_gateway_snapshot_info',
    type: 'gauge',
    help: '1 for the version of the configuration that is served by.',
    labels: ['version'],
    over: 'max',
  }),
  snapshotAge: defineMetric({
    name: 'bartizan_gateway_snapshot_age_seconds',
    type: 'gauge',
    help: 'Since the server put together the configuration that is served by.',
    labels: [],
    over: 'max',
  }),
  contactAge: defineMetric({
    name: 'bartizan_gateway_server_contact_age_seconds',
    type: 'gauge',
    help: 'Since the server last confirmed or changed the configuration.',
    labels: [],
    over: 'max',
  }),
} as const;

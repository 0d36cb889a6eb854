export { GATEWAY_METRICS } from './gateway-metrics.ts';
export { errorFacts, type LogLevel, logOptions } from './log.ts';
export {
  type Counter,
  defineMetric,
  type Gauge,
  type Histogram,
  type LabelValues,
  type Meter,
  type MetricContract,
  type Reading,
} from './meter.ts';
export {
  createTelemetry,
  exposeTogether,
  NO_METER,
  type Telemetry,
  type TelemetryOptions,
  watchSpans,
  withDeparted,
} from './registry.ts';
export { type MetricSnapshot, OTHER } from './series.ts';
export { COMMON_METRICS, SERVER_METRICS } from './server-metrics.ts';
export { formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts';
export {
  type Attributes,
  openTracing,
  SPAN_KIND,
  type SpanCounts,
  type TraceSpan,
  type Tracing,
  type TracingOptions,
  tracesEndpoint,
} from './tracing.ts';

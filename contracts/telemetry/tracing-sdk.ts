import { type Context, type HrTime, ROOT_CONTEXT, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TraceContext } from './trace-context.ts';
import type { Attributes, SpanStart, TraceSpan, Tracing, TracingOptions } from './tracing.ts';

/** Spans that may wait, as the SDK's own default; at about 2 kB each a few megabytes. */
const QUEUE = 2_048;
const BATCH = 512;
const EVERY_MS = 2_000;
const EXPORT_MS = 10_000;
const LONGEST_VALUE = 256;

const positive = (text: string | undefined, fallback: number): number => {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : fallback;
};

/** The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name (OpenTelemetry, SDK environment variables). */
export function samplerOf(env: TracingOptions['env'], log: TracingOptions['log']): Sampler {
  const given = env.OTEL_TRACES_SAMPLER || 'parentbased_always_on';
  const argument = env.OTEL_TRACES_SAMPLER_ARG;
  const ratio = argument === undefined || argument === '' ? 1 : Number(argument);
  const valid = ratio >= 0 && ratio <= 1;
  if (!valid) log.warn({}, 'OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; every trace is sampled');
  const byRatio = (): Sampler => new TraceIdRatioBasedSampler(valid ? ratio : 1);
  switch (given) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return byRatio();
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: byRatio() });
    default:
      if (given !== 'parentbased_always_on')
        log.warn({}, 'OTEL_TRACES_SAMPLER names no known sampler; parentbased_always_on is used');
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
}

/**
 * A bounded place in front of the SDK's batch, which drops silently: counts what is let in, exported, failed
 * and dropped, and says once when a collector stops taking spans and once when it takes them again.
 */
function createGate(exporter: SpanExporter, env: TracingOptions['env'], log: TracingOptions['log']) {
  const most = positive(env.OTEL_BSP_MAX_QUEUE_SIZE, QUEUE);
  const counts = { exported: 0, failed: 0, dropped: 0 };
  let waiting = 0;
  let failing = false;
  const counted: SpanExporter = {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void) {
      exporter.export(spans, (result) => {
        waiting -= spans.length;
        const ok = result.code === ExportResultCode.SUCCESS;
        counts[ok ? 'exported' : 'failed'] += spans.length;
        if (ok === failing)
          log.warn({}, ok ? 'the collector takes spans again' : 'the collector takes no spans');
        failing = !ok;
        // An error here would only be printed by the SDK; it is counted and said above.
        done({ code: ExportResultCode.SUCCESS });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const batch = new BatchSpanProcessor({
    exporter: counted,
    maxQueueSize: most,
    maxExportBatchSize: Math.min(most, positive(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, BATCH)),
    scheduledDelayMillis: positive(env.OTEL_BSP_SCHEDULE_DELAY, EVERY_MS),
    exportTimeoutMillis: positive(env.OTEL_BSP_EXPORT_TIMEOUT, EXPORT_MS * 2),
  });
  const processor: SpanProcessor = {
    onStart: () => undefined,
    onEnd(span) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (waiting >= most) {
        counts.dropped += 1;
        return;
      }
      waiting += 1;
      batch.onEnd(span);
    },
    forceFlush: () => batch.forceFlush(),
    shutdown: () => batch.shutdown(),
  };
  return { processor, counts: () => ({ ...counts }) };
}

const hrTime = (ms: number): HrTime => {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};

const under = (parent: TraceContext | null): Context =>
  parent === null
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, {
        traceId: parent.traceId,
        spanId: parent.spanId,
        traceFlags: parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
        isRemote: true,
      });

/** Starts exporting to `endpoint`. The exporter itself reads headers, time-outs and certificates from the environment. */
export function startExport(endpoint: string, options: TracingOptions): Tracing {
  const { env, log } = options;
  const exporter = new OTLPTraceExporter({
    url: endpoint,
    ...(env.OTEL_EXPORTER_OTLP_TIMEOUT || env.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT
      ? {}
      : { timeoutMillis: EXPORT_MS }),
  });
  const gate = createGate(exporter, env, log);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.namespace': 'bartizan',
      'service.version': options.version,
      'service.instance.id': options.instance,
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
    }).merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(env, log),
    spanProcessors: [gate.processor],
    spanLimits: { attributeValueLengthLimit: LONGEST_VALUE, eventCountLimit: 32, attributeCountLimit: 64 },
  });
  const tracer = provider.getTracer('bartizan', options.version);

  function begin(name: string, context: Context, start: SpanStart): TraceSpan {
    const span = tracer.startSpan(
      name,
      {
        kind: start.kind,
        ...(start.startMs === undefined ? {} : { startTime: hrTime(start.startMs) }),
        ...(start.attributes === undefined ? {} : { attributes: mutable(start.attributes) }),
      },
      context,
    );
    return wrap(span, context);
  }

  function wrap(span: Span, context: Context): TraceSpan {
    const { traceId, spanId, traceFlags } = span.spanContext();
    return Object.freeze({
      context: { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
      recording: span.isRecording(),
      child: (name: string, start: SpanStart) => begin(name, trace.setSpan(context, span), start),
      set: (attributes: Attributes) => void span.setAttributes(mutable(attributes)),
      event: (name: string, attributes: Attributes, atMs?: number) =>
        void span.addEvent(name, mutable(attributes), atMs === undefined ? undefined : hrTime(atMs)),
      fail: (type: string) => {
        span.setAttribute('error.type', type);
        // 2 is "error" in OTLP's status codes.
        span.setStatus({ code: 2 });
      },
      end: (endMs?: number) => span.end(endMs === undefined ? undefined : hrTime(endMs)),
    });
  }

  return Object.freeze({
    start: (name: string, parent: TraceContext | null, start: SpanStart) => begin(name, under(parent), start),
    counts: gate.counts,
    async close(graceMs: number) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  });
}

/** The API's types want arrays that may be changed. */
const mutable = (attributes: Attributes): Record<string, string | number | boolean | string[]> =>
  attributes as Record<string, string | number | boolean | string[]>;

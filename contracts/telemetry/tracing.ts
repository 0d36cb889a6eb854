import type { TraceContext } from './trace-context.ts';

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;
/** As OTLP numbers them. */
export const SPAN_KIND = { internal: 0, server: 1, client: 2 } as const;
export type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND];

export interface SpanStart {
  readonly kind: SpanKind;
  /** Milliseconds since the epoch, fractions allowed; now where absent. */
  readonly startMs?: number;
  readonly attributes?: Attributes;
}

/** A span that has begun. All of it does nothing once ended. */
export interface TraceSpan {
  readonly context: TraceContext;
  /** False when the sampler left it out: then nothing needs to be worked out for it. */
  readonly recording: boolean;
  readonly child: (name: string, start: SpanStart) => TraceSpan;
  readonly set: (attributes: Attributes) => void;
  readonly event: (name: string, attributes: Attributes, atMs?: number) => void;
  /** Marks it as failed; `type` is a code, never a message. */
  readonly fail: (type: string) => void;
  readonly end: (endMs?: number) => void;
}

/** Spans since the start. */
export interface SpanCounts {
  readonly exported: number;
  /** Handed to a collector that did not take them. */
  readonly failed: number;
  /** Not even kept, because `OTEL_BSP_MAX_QUEUE_SIZE` spans waited already. */
  readonly dropped: number;
}

export interface Tracing {
  /** Begins the first span of this process in a trace, below `parent` when somebody sent one. */
  readonly start: (name: string, parent: TraceContext | null, start: SpanStart) => TraceSpan;
  readonly counts: () => SpanCounts;
  /** Exports what waits, for at most `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The collector that the environment names, or null: then nothing of OpenTelemetry is even loaded. */
export function tracesEndpoint(env: Environment): string | null {
  const off = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  const specific = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const general = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (off) return null;
  if (specific) return specific;
  return general ? `${general.replace(/\/{1,64}$/, '')}/v1/traces` : null;
}

export interface TracingOptions {
  readonly env: Environment;
  /** `service.name` unless the environment names one. */
  readonly service: string;
  readonly version: string;
  /** `service.instance.id`. */
  readonly instance: string;
  readonly log: { readonly warn: (fields: object, message: string) => void };
}

/**
 * Opens the export of traces when the environment names a collector. A collector that is down or slow costs
 * spans, which are counted, and nothing else.
 */
export async function openTracing(options: TracingOptions): Promise<Tracing | null> {
  const endpoint = tracesEndpoint(options.env);
  if (endpoint === null) return null;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    options.log.warn({}, 'the OTLP endpoint is no http or https address; traces are not exported');
    return null;
  }
  const { startExport } = await import('./tracing-sdk.ts');
  return startExport(endpoint, options);
}

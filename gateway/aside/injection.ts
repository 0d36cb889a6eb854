import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { textChecks, textChecksWith } from '@bartizan/checks/catalogue.ts';
import type { Encoder, EncoderObserver } from '@bartizan/checks/text/injection/model/encoder/contract.ts';
import { serveEncoder } from '@bartizan/checks/text/injection/model/encoder/port.ts';
import type { DetectorObserver } from '@bartizan/checks/text/injection/model/judge.ts';
import { InjectionModelError } from '@bartizan/checks/text/injection/model/manifest.ts';
import { openInjectionDetectorAside } from '@bartizan/checks/text/injection/model/open.ts';
import type { AnyTextCheck } from '@bartizan/checks/text/types.ts';
import { RULES_ALONE } from '@bartizan/contracts';
import { GATEWAY_METRICS as M, type Meter } from '@bartizan/contracts/telemetry/index.ts';
import type { Logger } from 'pino';

/** What a judging thread needs to judge as the gateway itself does: the model, and this process's encoder. */
export interface InjectionSeat {
  readonly folder: string;
  readonly port: MessagePort;
}

/** The text checks of a serving process, with the trained detector in the injection check's seat. */
export interface Guards {
  /** `id@version` of the model, or `rules`. */
  readonly model: string;
  readonly checks: readonly AnyTextCheck[];
  /** The detector's seat in another thread; null where there is no model. */
  readonly seat: () => InjectionSeat | null;
  /** Texts that wait for the encoder. */
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
}

const NO_MODEL: Guards = Object.freeze({
  model: RULES_ALONE,
  checks: textChecks,
  seat: () => null,
  waiting: () => 0,
  close: () => Promise.resolve(),
});

/** One line a minute says as much as one a request. */
const SAY_EVERY_MS = 60_000;

function observer(meter: Meter, log: Pick<Logger, 'warn'>): DetectorObserver & EncoderObserver {
  const texts = meter.counter(M.injectionTexts);
  const refusals = meter.counter(M.injectionRefusals);
  const batches = meter.histogram(M.injectionBatch);
  const queued = meter.histogram(M.injectionQueue);
  const sequences = meter.counter(M.injectionSequences);
  const crashes = meter.counter(M.injectionCrashes);
  // There from the start: what appears with its first event has no increase.
  for (const stage of ['linear', 'encoder', 'cache', 'shed']) texts.add([stage], 0);
  for (const depth of ['early', 'full']) sequences.add([depth], 0);
  crashes.add([], 0);
  let saidAt = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return {
    judged: (stage) => texts.add([stage]),
    refused: (error, shed) => {
      refusals.add([error.refusal]);
      unsaid += 1;
      if (performance.now() - saidAt < SAY_EVERY_MS) return;
      saidAt = performance.now();
      const what = shed ? 'the rules and the fast stage judged alone' : 'the texts count as not judged';
      log.warn({ reason: error.message, times: unsaid }, `the injection encoder did not answer: ${what}`);
      unsaid = 0;
    },
    batch: ({ computeMs, queueMs, sequences: read, early }) => {
      batches.observe([], computeMs / 1000);
      queued.observe([], queueMs / 1000);
      sequences.add(['early'], early);
      sequences.add(['full'], read - early);
    },
    crashed: (why, backOffMs) => {
      crashes.add([]);
      log.warn({ reason: why, backOffMs }, 'the injection encoder went down and starts again');
    },
  };
}

/**
 * Opens and warms the injection detector. Throws where its model is damaged or cannot run here; without a model the
 * check works by its rules, which the log says.
 */
export async function openGuards(
  folder: string | null,
  parts: {
    readonly meter: Meter;
    readonly log: Pick<Logger, 'warn' | 'info'>;
    /** Throws rather than gives a detector whose encoder does not answer yet. */
    readonly warm?: boolean;
  },
): Promise<Guards> {
  const { meter, log } = parts;
  if (folder === null) {
    log.info('text/injection works by its rules alone, as configured');
    return NO_MODEL;
  }
  const open = await openInjectionDetectorAside({
    folder,
    log: { warn: (message) => log.warn(message) },
    observe: observer(meter, log),
  });
  if (open === null) return NO_MODEL;
  const { encoder, detector } = open;
  try {
    await open.warm();
  } catch (error) {
    if (error instanceof InjectionModelError || parts.warm) {
      await encoder.close();
      throw error;
    }
    log.warn({ reason: (error as Error).message }, 'the injection encoder is slow to start');
  }
  log.info({ model: detector.id }, 'text/injection works with its trained model');
  return Object.freeze({
    model: detector.id,
    checks: textChecksWith({ injection: detector }),
    seat: () => ({ folder, port: portTo(encoder) }),
    waiting: () => encoder.load().waiting,
    close: encoder.close,
  });
}

function portTo(encoder: Encoder): MessagePort {
  const { port1, port2 } = new MessageChannel();
  serveEncoder(port1, encoder);
  return port2;
}

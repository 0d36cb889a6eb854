import { telemetryRoutes } from '@bartizan/contracts';
import type { Telemetry } from '@bartizan/contracts/telemetry/index.ts';
import { implement, type RouteImplementation } from '../http/index.ts';

/** `GET /metrics`, for whoever holds `metrics.read`: in practice an API key with that one scope. */
export const metricsRoute = (telemetry: Pick<Telemetry, 'expose'>): RouteImplementation =>
  implement(telemetryRoutes.metrics, async () => once(await telemetry.expose()));

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

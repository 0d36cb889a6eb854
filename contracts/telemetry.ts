import { defineRoute } from './route.ts';

export const telemetryRoutes = {
  metrics: defineRoute({
    id: 'metrics.get',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics of this server in the text format of Prometheus',
    access: 'metrics.read',
    streams: 'text/plain',
  }),
} as const;

import { type Endpoint, EndpointInput, UpstreamInput } from '@bartizan/contracts';
import type { UseFormReturnType } from '@mantine/form';
import type { z } from 'zod';
import { byPriority } from './upstreams.ts';

export type EndpointValues = z.output<typeof EndpointInput>;
export type UpstreamValues = EndpointValues['upstreams'][number];
export type EndpointFormApi = UseFormReturnType<EndpointValues>;

const EMPTY = { slug: '', name: '' };

/** What the form starts with: the endpoint as stored (provider keys stay on the server), or the schema's defaults. */
export function initialValues(endpoint: Endpoint | null, policyId: string | null): EndpointValues {
  if (endpoint !== null)
    return EndpointInput.parse({ ...endpoint, upstreams: byPriority(endpoint.upstreams) });
  // Without an upstream an endpoint answers nothing, so the first one is there to be filled in.
  return {
    ...EndpointInput.parse({ slug: 'x', name: 'x', policyId }),
    ...EMPTY,
    upstreams: [newUpstream(0)],
  };
}

/** An upstream to be filled in. */
export const newUpstream = (priority: number): UpstreamValues => ({
  ...UpstreamInput.parse({ name: 'x', provider: 'openai', baseUrl: 'https://api.openai.com/v1' }),
  name: '',
  priority,
});

/** A short name made of a name: lower-case letters, digits and hyphens. */
export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '');

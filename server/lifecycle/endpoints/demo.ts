import { EndpointInput } from '@bartizan/contracts';
import type { NewEndpoint } from './model.ts';

/** The endpoint of the built-in demo assistant, as a newcomer finds it. */
export const DEMO_ENDPOINT: NewEndpoint = Object.freeze(
  EndpointInput.parse({
    slug: 'demo',
    name: 'Demo assistant',
    description:
      'A scripted, deliberately gullible support bot. It is built in, calls no model and costs nothing.',
    models: [{ name: 'demo' }],
    // The demo assistant's planted secret (gateway/demo/persona.ts): its appearance in an answer is a leak.
    canaries: ['LANTERN-STAFF-73Q9'],
    retention: { content: 'full', days: 7 },
    upstreams: [{ name: 'Built-in demo assistant', provider: 'demo' }],
  }),
);

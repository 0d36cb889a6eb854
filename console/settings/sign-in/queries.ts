import { factorRoutes, federationRoutes } from '@bartizan/contracts';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../app/api.ts';

/** The rules for signing in. */
export const settingsQuery = queryOptions({
  queryKey: ['sign-in-settings'],
  queryFn: ({ signal }) => api.call(factorRoutes.settings, { signal }),
});

/** Identity providers, and whether they are the only way in. */
export const providersQuery = queryOptions({
  queryKey: ['sso'],
  queryFn: ({ signal }) => api.call(federationRoutes.providers, { signal }),
});

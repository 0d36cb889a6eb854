import {
  endpointRoutes,
  identityRoutes,
  interactionRoutes,
  keyRoutes,
  policyRoutes,
  teamRoutes,
} from '@bartizan/contracts';
import { queryOptions } from '@tanstack/react-query';
import { api } from './api.ts';

/** What several rooms read. Keys begin with the domain word, so that a room can invalidate its own. */

export const endpointsQuery = queryOptions({
  queryKey: ['endpoints'],
  queryFn: async ({ signal }) => (await api.call(endpointRoutes.list, { signal })).items,
});

export const policiesQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: async ({ signal }) => (await api.call(policyRoutes.list, { signal })).items,
});

export const policyQuery = (id: string) =>
  queryOptions({
    queryKey: ['policies', id],
    queryFn: ({ signal }) => api.call(policyRoutes.get, { params: { id }, signal }),
  });

export const checksQuery = queryOptions({
  queryKey: ['checks'],
  queryFn: async ({ signal }) => (await api.call(policyRoutes.checks, { signal })).items,
  staleTime: Number.POSITIVE_INFINITY,
});

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await api.call(identityRoutes.keys, { signal })).items,
});

export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }) => (await api.call(identityRoutes.people, { signal })).items,
});

export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: async ({ signal }) => (await api.call(teamRoutes.list, { signal })).items,
});

export const serviceAccountsQuery = queryOptions({
  queryKey: ['service-accounts'],
  queryFn: async ({ signal }) => (await api.call(keyRoutes.serviceAccounts, { signal })).items,
});

export const overviewQuery = (windowMs: number) =>
  queryOptions({
    queryKey: ['overview', windowMs],
    queryFn: ({ signal }) => api.call(interactionRoutes.overview, { query: { windowMs }, signal }),
  });

/** Where clients reach the gateway; null when the server does not know. */
export const gatewayUrlQuery = queryOptions({
  queryKey: ['overview', 'gateway-url'],
  queryFn: async ({ signal }) =>
    (await api.call(interactionRoutes.overview, { query: { windowMs: 60_000 }, signal })).gatewayUrl,
  staleTime: 300_000,
});

import { registryRoutes, signingRoutes } from '@bartizan/contracts';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../app/api.ts';

/** What several pages about models read. */

export const modelQuery = (model: string) =>
  queryOptions({
    queryKey: ['models', model],
    queryFn: ({ signal }) => api.call(registryRoutes.get, { params: { model }, signal }),
  });

const SCAN_POLL_MS = 2_000;

export const versionQuery = (model: string, version: number) =>
  queryOptions({
    queryKey: ['models', model, 'version', version],
    queryFn: ({ signal }) =>
      api.call(registryRoutes.version, { params: { model, version: String(version) }, signal }),
    refetchInterval: ({ state }) =>
      state.data && (state.data.scan.state === 'queued' || state.data.scan.state === 'running')
        ? SCAN_POLL_MS
        : false,
  });

export const signersQuery = queryOptions({
  queryKey: ['signing', 'signers'],
  queryFn: async ({ signal }) => (await api.call(signingRoutes.signers, { signal })).items,
});

export const signingPoliciesQuery = queryOptions({
  queryKey: ['signing', 'policies'],
  queryFn: async ({ signal }) => (await api.call(signingRoutes.policies, { signal })).items,
});

import { detectorComparisonRoutes, detectorModelRoutes, detectorSwitchRoutes } from '@bartizan/contracts';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../app/api.ts';

export const detectorModelsQuery = queryOptions({
  queryKey: ['detector', 'models'],
  queryFn: async ({ signal }) => (await api.call(detectorModelRoutes.list, { signal })).items,
});

export const detectorStatusQuery = queryOptions({
  queryKey: ['detector', 'status'],
  queryFn: ({ signal }) => api.call(detectorSwitchRoutes.status, { signal }),
});

/** A comparison; asked for again while it is under way. */
export const comparisonQuery = (id: string) =>
  queryOptions({
    queryKey: ['detector', 'comparisons', id],
    queryFn: ({ signal }) => api.call(detectorComparisonRoutes.get, { params: { id }, signal }),
    refetchInterval: ({ state }) =>
      state.data?.state === 'running' || state.data?.state === 'waiting' ? 1_500 : false,
  });

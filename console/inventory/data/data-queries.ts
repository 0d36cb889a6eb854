import { dataScanRoutes, datasetRoutes, sourceRoutes } from '@bartizan/contracts';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../app/api.ts';

/** What several pages about data read. */

const WORK_POLL_MS = 1_500;

export const datasetQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['data', 'dataset', dataset],
    queryFn: ({ signal }) => api.call(datasetRoutes.get, { params: { dataset }, signal }),
  });

export const datasetVersionQuery = (dataset: string, version: string) =>
  queryOptions({
    queryKey: ['data', 'dataset', dataset, 'version', version],
    queryFn: ({ signal }) => api.call(datasetRoutes.version, { params: { dataset, version }, signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'processing' ? WORK_POLL_MS : false),
  });

export const datasetVersionsQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['data', 'dataset', dataset, 'versions', 'names'],
    queryFn: async ({ signal }) =>
      (await api.call(datasetRoutes.versions, { params: { dataset }, query: { limit: 200 }, signal })).items,
  });

export const dataScansQuery = (dataset: string, version: string) =>
  queryOptions({
    queryKey: ['data', 'dataset', dataset, 'scans', version],
    queryFn: async ({ signal }) =>
      (await api.call(dataScanRoutes.list, { params: { dataset, version }, signal })).items,
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? WORK_POLL_MS : false),
  });

export const isUnderWay = ({ state }: { readonly state: string }): boolean =>
  state === 'queued' || state === 'running';

export const dataScanQuery = (id: string) =>
  queryOptions({
    queryKey: ['data', 'scan', id],
    queryFn: ({ signal }) => api.call(dataScanRoutes.get, { params: { id }, signal }),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isUnderWay(state.data.scan) ? WORK_POLL_MS : false,
  });

export const sourceNamesQuery = queryOptions({
  queryKey: ['data', 'sources', 'names'],
  queryFn: async ({ signal }) => (await api.call(sourceRoutes.list, { query: { limit: 200 }, signal })).items,
});

import { inventoryRoutes } from '@bartizan/contracts';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../app/api.ts';

export const systemQuery = (id: string) =>
  queryOptions({
    queryKey: ['systems', id],
    queryFn: ({ signal }) => api.call(inventoryRoutes.get, { params: { id }, signal }),
  });

export const attentionQuery = queryOptions({
  queryKey: ['systems', 'attention'],
  queryFn: ({ signal }) => api.call(inventoryRoutes.attention, { signal }),
});

export const questionnaireQuery = queryOptions({
  queryKey: ['systems', 'questionnaire'],
  queryFn: ({ signal }) => api.call(inventoryRoutes.questionnaire, { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const ownersQuery = (text: string) =>
  queryOptions({
    queryKey: ['systems', 'owners', text],
    queryFn: async ({ signal }) =>
      (await api.call(inventoryRoutes.owners, { query: { text: text || undefined }, signal })).items,
  });

export interface GraphSearch {
  readonly around?: string | undefined;
  readonly depth?: number;
}

export const graphQuery = ({ around, depth = 2 }: GraphSearch) =>
  queryOptions({
    queryKey: ['systems', 'graph', around ?? '', depth],
    queryFn: ({ signal }) =>
      api.call(inventoryRoutes.graph, { query: { around, depth, limit: 1000 }, signal }),
  });

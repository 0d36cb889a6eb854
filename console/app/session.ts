import { identityRoutes, type Permission } from '@bartizan/contracts';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api } from './api.ts';

/** Who is signed in and what they may do. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => api.call(identityRoutes.me, { signal }),
  staleTime: 60_000,
});

/** Whether the instance has its first administrator. */
export const stateQuery = queryOptions({
  queryKey: ['state'],
  queryFn: ({ signal }) => api.call(identityRoutes.state, { signal }),
});

/** True when the person may do it. The server decides again; this only hides what would be refused. */
export function useMay(permission: Permission): boolean {
  const { data } = useQuery(meQuery);
  return data?.permissions.includes(permission) ?? false;
}

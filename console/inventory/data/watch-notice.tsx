import { dataWatchRoutes } from '@bartizan/contracts';
import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { RelativeTime } from '../../ui/time.tsx';
import { watchKey } from './watch-tab.tsx';

const FRESH_MS = 60_000;

/** That somebody made the watch of a dataset see less; nothing where nobody did of late. */
export function WatchNotice({ datasetId }: { datasetId: string }) {
  const { data } = useQuery({
    queryKey: watchKey(datasetId),
    queryFn: ({ signal }) => api.call(dataWatchRoutes.get, { params: { dataset: datasetId }, signal }),
    staleTime: FRESH_MS,
  });
  if (data === undefined || data.loosened.length === 0) return null;
  return (
    <Alert color="yellow" variant="light" title="The watch was made to see less" mb="md">
      {data.loosened.map(({ at, by, reason, what }) => (
        <p key={`${at} ${by}`} className="bz-wrap">
          {by}, <RelativeTime at={at} />: {what.join('; ')}. Why: {reason}
        </p>
      ))}
    </Alert>
  );
}

import { IconPlugConnectedX } from '@tabler/icons-react';
import { useEffect } from 'react';
import { formatClock } from '../ui/format.ts';
import { queryClient } from './api.ts';
import { useConnection } from './connection.ts';
import { stateQuery } from './session.ts';

const RETRY_MS = 4000;

/** Says that the server does not answer and how old the data on the page is, and keeps trying. */
export function DisconnectedBanner() {
  const { lost, lastAnswerAt } = useConnection();
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(() => {
      void queryClient
        .fetchQuery({ ...stateQuery, staleTime: 0, retry: false })
        .then(() => queryClient.invalidateQueries())
        .catch(() => {});
    }, RETRY_MS);
    return () => clearInterval(timer);
  }, [lost]);
  if (!lost) return null;
  return (
    <div className="bz-banner" role="status">
      <IconPlugConnectedX size={16} aria-hidden />
      Bartizan does not answer. What you see is from {formatClock(lastAnswerAt)}; trying again every{' '}
      {RETRY_MS / 1000} s. Gateways keep guarding traffic meanwhile.
    </div>
  );
}

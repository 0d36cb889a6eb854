import { useQuery } from '@tanstack/react-query';
import { checksQuery } from './queries.ts';
import { useMay } from './session.ts';

/** The name of a check as people say it; its id while the catalogue is not there. */
export function useCheckTitles(): (check: string) => string {
  const may = useMay('checks.read');
  const { data } = useQuery({ ...checksQuery, enabled: may });
  return (check) => data?.find((each) => each.id === check)?.title ?? check;
}

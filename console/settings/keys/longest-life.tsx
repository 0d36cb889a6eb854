import { keyRoutes } from '@bartizan/contracts';
import { Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { toast, toastFailure } from '../../ui/toast.ts';

const LIVES = [
  { value: '', label: 'As long as their maker says' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '180', label: '180 days' },
  { value: '365', label: 'A year' },
];

/** How long new keys may live at most; those that there are stay as they are. */
export function LongestLife() {
  const client = useQueryClient();
  const mayChange = useMay('sign-in.manage');
  const queryKey = ['key-settings'];
  const query = useQuery({ queryKey, queryFn: ({ signal }) => api.call(keyRoutes.settings, { signal }) });
  const change = useMutation({
    mutationFn: (days: string) =>
      api.call(keyRoutes.updateSettings, { body: { maxLifetimeDays: days === '' ? null : Number(days) } }),
    onSuccess: async (saved) => {
      client.setQueryData(queryKey, saved);
      toast('Saved: it holds for keys made or changed from now on');
    },
    onError: toastFailure,
  });
  if (query.data === undefined) return null;
  const value = String(query.data.maxLifetimeDays ?? '');
  const known = LIVES.some((life) => life.value === value);
  return (
    <Select
      label="Longest life of new keys"
      maw={320}
      mb="md"
      disabled={!mayChange || change.isPending}
      allowDeselect={false}
      data={known ? LIVES : [...LIVES, { value, label: `${value} days` }]}
      value={value}
      onChange={(next) => change.mutate(next ?? '')}
    />
  );
}

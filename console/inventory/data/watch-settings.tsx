import { type DataWatch, type DataWatchSettings, dataWatchRoutes } from '@bartizan/contracts';
import { Button, Group, NumberInput, Stack, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { Section } from '../../ui/page.tsx';
import { toast } from '../../ui/toast.ts';

/** How a dataset is watched; who may not change it sees it. */
export function WatchSettings({ watch }: { watch: DataWatch }) {
  const client = useQueryClient();
  const mayManage = useMay('data.manage');
  const [settings, setSettings] = useState<DataWatchSettings>(watch.settings);
  const [reason, setReason] = useState('');
  const put = useMutation({
    mutationFn: () =>
      api.call(dataWatchRoutes.set, {
        params: { dataset: watch.datasetId },
        body: { ...settings, reason },
      }),
    onSuccess: async () => {
      toast('The watch was changed');
      await client.invalidateQueries({ queryKey: ['data', 'dataset', watch.datasetId, 'watch'] });
    },
  });
  const change = (part: Partial<DataWatchSettings>): void => setSettings({ ...settings, ...part });
  const column = (text: string): string | null => (text === '' ? null : text);
  const isChanged = JSON.stringify(settings) !== JSON.stringify(watch.settings);
  return (
    <Section
      title="Settings"
      description="Other columns mean that it learns anew what is usual. What makes it see less is shown on the page of the dataset."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          put.mutate();
        }}
      >
        <Stack gap="sm" maw={520}>
          <Switch
            label="Watch what comes in"
            checked={settings.enabled}
            disabled={!mayManage}
            onChange={(event) => change({ enabled: event.currentTarget.checked })}
          />
          <NumberInput
            label="False alarms a year, at most"
            description="Fewer need more evidence, and so more poisoned records before they are found."
            min={0.01}
            max={52}
            value={settings.falseAlarmsPerYear}
            disabled={!mayManage}
            onChange={(value) => change({ falseAlarmsPerYear: Number(value) })}
          />
          <TextInput
            label="Column with the batch"
            description="Empty: what comes on a day is one batch. Its values are shown as far as the profile shows them."
            value={settings.batch ?? ''}
            disabled={!mayManage}
            onChange={(event) => change({ batch: column(event.currentTarget.value) })}
          />
          <TextInput
            label="Column with the source"
            description="Empty: the source that each version was pushed with. Its values are shown as far as the profile shows them."
            value={settings.source ?? ''}
            disabled={!mayManage}
            onChange={(event) => change({ source: column(event.currentTarget.value) })}
          />
          {isChanged ? (
            <>
              <TextInput
                label="Why"
                required
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
              <FailureNote failure={put.error} />
              <Group>
                <Button type="submit" loading={put.isPending} disabled={reason.trim() === ''}>
                  Change the watch
                </Button>
              </Group>
            </>
          ) : null}
        </Stack>
      </form>
    </Section>
  );
}

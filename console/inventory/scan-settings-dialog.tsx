import { type ScanSettings, type ScanSettingsView, scanRoutes } from '@bartizan/contracts';
import { Modal, NumberInput, Select, Stack, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { formatNoun } from '../ui/format.ts';
import { QueryView } from '../ui/states.tsx';
import { toast } from '../ui/toast.ts';

/** What a verdict means for downloads, and the limits of a scan. */
export function ScanSettingsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const query = useQuery({
    queryKey: ['scans', 'settings'],
    queryFn: ({ signal }) => api.call(scanRoutes.settings, { signal }),
    enabled: opened,
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="What a verdict means"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <QueryView query={query}>
        {(settings) => <SettingsForm key={settings.updatedAt ?? 0} settings={settings} onClose={onClose} />}
      </QueryView>
    </Modal>
  );
}

const GIVE = [
  { value: 'allow', label: 'Given out' },
  { value: 'refuse', label: 'Refused' },
];

function SettingsForm({ settings, onClose }: { settings: ScanSettingsView; onClose: () => void }) {
  const mayManage = useMay('models.manage');
  const client = useQueryClient();
  const { updatedAt: _a, updatedBy: _b, scanner: _s, outdated, ...known } = settings;
  const [values, setValues] = useState<ScanSettings>(known);
  const change = <K extends keyof ScanSettings>(name: K, value: ScanSettings[K]) =>
    setValues((before) => ({ ...before, [name]: value }));
  const save = useMutation({
    mutationFn: () => api.call(scanRoutes.changeSettings, { body: values }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['scans'] });
      toast('Saved');
      onClose();
    },
  });
  const number = (name: 'fileSeconds' | 'versionSeconds' | 'memoryMb' | 'rescansPerHour', label: string) => (
    <NumberInput
      label={label}
      min={1}
      value={values[name]}
      disabled={!mayManage}
      onChange={(value) => typeof value === 'number' && change(name, value)}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <p className="bz-dim">
          Malicious files are never given out, until whoever may manage models has accepted what was found.
        </p>
        <Select
          label="Files that were not scanned yet"
          description={`Held back until the verdict is there, at most ${formatNoun(values.waitSeconds, 'second')}, unless you choose otherwise.`}
          data={[{ value: 'wait', label: 'Wait for the verdict' }, ...GIVE]}
          value={values.onUnscanned}
          disabled={!mayManage}
          allowDeselect={false}
          onChange={(value) => change('onUnscanned', (value ?? 'wait') as ScanSettings['onUnscanned'])}
        />
        <Select
          label="Files that cannot be judged"
          data={GIVE}
          value={values.onError}
          disabled={!mayManage}
          allowDeselect={false}
          onChange={(value) => change('onError', (value ?? 'refuse') as ScanSettings['onError'])}
        />
        <Select
          label="Suspicious files"
          data={GIVE}
          value={values.onSuspicious}
          disabled={!mayManage}
          allowDeselect={false}
          onChange={(value) => change('onSuspicious', (value ?? 'refuse') as ScanSettings['onSuspicious'])}
        />
        {number('fileSeconds', 'Most seconds for one file')}
        {number('versionSeconds', 'Most seconds for a version')}
        {number('memoryMb', 'Memory of the process that reads files, in MiB')}
        <Switch
          label="Scan again what an older scanner judged"
          description={`${formatNoun(outdated, 'version')} were judged by an older scanner.`}
          checked={values.rescan}
          disabled={!mayManage}
          onChange={(event) => change('rescan', event.currentTarget.checked)}
        />
        {values.rescan ? number('rescansPerHour', 'At most so many of them an hour') : null}
        {mayManage ? (
          <FormFoot failure={save.error} verb="Save" busy={save.isPending} onCancel={onClose} />
        ) : (
          <p className="bz-dim">Whoever may manage models can change this.</p>
        )}
      </Stack>
    </form>
  );
}

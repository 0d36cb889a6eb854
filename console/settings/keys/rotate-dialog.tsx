import { type ApiKey, keyRoutes, MAX_OVERLAP_DAYS } from '@bartizan/contracts';
import { Button, Group, Modal, Select, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { type OneTime, OneTimeDialog } from '../../ui/one-time.tsx';

const HOUR_MS = 3_600_000;

const OVERLAPS = [
  { value: '0', label: 'Not at all: it stops working now' },
  { value: '1', label: 'For an hour' },
  { value: '24', label: 'For a day' },
  { value: '168', label: 'For a week' },
  { value: String(MAX_OVERLAP_DAYS * 24), label: `For ${MAX_OVERLAP_DAYS} days` },
];

interface DialogProps {
  readonly apiKey: ApiKey | null;
  readonly onClose: () => void;
}

/** Gives a key a new secret; the old one goes on for a while, so that whoever uses it can change over. */
export function RotateDialog({ apiKey, onClose }: DialogProps) {
  const client = useQueryClient();
  const [hours, setHours] = useState('24');
  const [shown, setShown] = useState<OneTime | null>(null);
  const rotate = useMutation({
    mutationFn: (key: ApiKey) =>
      api.call(keyRoutes.rotate, {
        params: { id: key.id },
        // A little less than the longest, since the server's clock may be behind.
        body: { oldEndsAt: Date.now() + Math.max(0, Number(hours) * HOUR_MS - 60_000) },
      }),
    onSuccess: async ({ key, secret }) => {
      onClose();
      setShown({
        title: `New secret of ${key.name}`,
        label: 'Secret',
        value: secret,
        note: 'Copy it now. It is stored only as a digest, so nobody can show it again.',
      });
      await client.invalidateQueries({ queryKey: ['keys'] });
    },
  });
  return (
    <>
      <Modal
        opened={apiKey !== null}
        onClose={onClose}
        title={`Rotate ${apiKey?.name ?? ''}`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack gap="sm">
          <p>The key gets a new secret; name, scopes and limits stay.</p>
          <Select
            data-autofocus
            label="The old secret goes on working"
            allowDeselect={false}
            data={OVERLAPS}
            value={hours}
            onChange={(value) => setHours(value ?? '24')}
          />
          <FailureNote failure={rotate.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button loading={rotate.isPending} onClick={() => apiKey && rotate.mutate(apiKey)}>
              Make a new secret
            </Button>
          </Group>
        </Stack>
      </Modal>
      <OneTimeDialog shown={shown} onClose={() => setShown(null)} />
    </>
  );
}

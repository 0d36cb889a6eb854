import { type CleaningSelection, cleaningRoutes, type DatasetVersion } from '@bartizan/contracts';
import { Modal, Stack, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { QueryView } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.ts';
import { selectionWords } from './cleaned-tab.tsx';

interface QuarantineDialogProps {
  readonly version: DatasetVersion;
  readonly selection: CleaningSelection;
  readonly onClose: () => void;
}

/** Shows which records would go, asks why, and takes them out. */
export function QuarantineDialog({ version, selection, onClose }: QuarantineDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [reason, setReason] = useState('');
  const params = { dataset: version.datasetId, version: String(version.number) };
  const preview = useQuery({
    queryKey: ['data', 'cleaning', version.id, selection],
    queryFn: ({ signal }) => api.call(cleaningRoutes.preview, { params, body: { selection }, signal }),
  });
  const take = useMutation({
    mutationFn: () =>
      api.call(cleaningRoutes.quarantine, { params, body: { selection, reason: reason.trim() } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['data'] });
      toast('The version without them is being made');
      await navigate({
        to: '/inventory/datasets/$id',
        params: { id: version.datasetId },
        search: { tab: 'cleaned' },
      });
    },
  });
  const missing = 10 - reason.trim().length;
  return (
    <Modal opened onClose={onClose} title="Take records out" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (missing <= 0) take.mutate();
        }}
      >
        <Stack gap="sm">
          <QueryView query={preview}>
            {({ removed, kept, rows }) => (
              <p>
                {selectionWords(selection)}: {formatNoun(removed, 'record')} would go, {formatCount(kept)}{' '}
                would stay
                {rows.length > 0 ? `; rows ${rows.slice(0, 10).map(formatCount).join(', ')}` : ''}
                {removed > 10 ? ' and more' : ''}. Version {version.number} stays as it is: the new version is
                without them, and what was made from them is told.
              </p>
            )}
          </QueryView>
          <Textarea
            data-autofocus
            required
            label="Why"
            description={
              missing > 0
                ? `Goes into the chain of custody. ${missing} more characters.`
                : 'Goes into the chain of custody.'
            }
            autosize
            minRows={2}
            maxLength={2_000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <FormFoot
            failure={take.error}
            verb="Take them out"
            busy={take.isPending}
            disabled={missing > 0 || preview.data?.removed === 0}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

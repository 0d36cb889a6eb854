import { detectorComparisonRoutes, detectorSwitchRoutes } from '@bartizan/contracts';
import { Checkbox, Modal, Stack, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { ListSkeleton } from '../ui/states.tsx';
import { detectorStatusQuery } from './detector-queries.ts';

interface UseDialogProps {
  readonly opened: boolean;
  readonly model: string;
  readonly onClose: () => void;
}

/** Asks before a model goes live; without a finished comparison it wants a reason. */
export function UseDialog({ opened, model, onClose }: UseDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Put ${model} live?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <UseForm model={model} onClose={onClose} />
    </Modal>
  );
}

const REASON = { min: 10, max: 500 };

function UseForm({ model, onClose }: { model: string; onClose: () => void }) {
  const client = useQueryClient();
  const status = useQuery(detectorStatusQuery);
  const comparisons = useQuery({
    queryKey: ['detector', 'comparisons', 'of', model],
    queryFn: ({ signal }) => api.call(detectorComparisonRoutes.list, { query: { candidate: model }, signal }),
  });
  const [reason, setReason] = useState('');
  const [without, setWithout] = useState(false);
  const done = comparisons.data?.items.find(
    (each) => each.state === 'done' && each.live === status.data?.live.name,
  );
  const missing = REASON.min - reason.trim().length;
  const use = useMutation({
    mutationFn: () =>
      api.call(detectorSwitchRoutes.use, {
        body: without ? { model, override: reason.trim() } : { model },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['detector'] });
      onClose();
    },
  });
  if (comparisons.isPending || status.isPending) return <ListSkeleton rows={3} />;
  const ready = without ? missing <= 0 : done !== undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) use.mutate();
      }}
    >
      <Stack gap="sm">
        <p>
          All gateways load it and change over without dropping a request. One that cannot load it keeps{' '}
          {status.data?.live.name ?? 'the present one'} and says so under Fleet.
        </p>
        {done === undefined ? (
          <p>It has not been compared with the live model on your traffic yet: do that first.</p>
        ) : (
          <p>
            It has been compared with the live model:{' '}
            <Link to="/protection/detector/comparisons/$id" params={{ id: done.id }} onClick={onClose}>
              look at what would change
            </Link>
            .
          </p>
        )}
        {done === undefined ? (
          <Checkbox
            label="Put it live without a comparison"
            checked={without}
            onChange={(event) => setWithout(event.currentTarget.checked)}
          />
        ) : null}
        {without ? (
          <Textarea
            label="Why"
            description={missing > 0 ? `Stays on record. ${missing} more characters.` : 'Stays on record.'}
            autosize
            minRows={2}
            maxLength={REASON.max}
            required
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        ) : null}
        <FormFoot
          failure={use.error}
          verb="Put it live"
          busy={use.isPending}
          disabled={!ready}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}

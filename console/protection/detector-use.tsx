import { type DetectorModel, detectorComparisonRoutes, detectorSwitchRoutes } from '@bartizan/contracts';
import { Checkbox, Modal, Stack, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { changeOrPropose } from '../app/propose.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { ListSkeleton } from '../ui/states.tsx';
import { detectorStatusQuery } from './detector-queries.ts';

interface UseDialogProps {
  readonly opened: boolean;
  readonly model: Pick<DetectorModel, 'name' | 'sha256'>;
  readonly onClose: () => void;
}

/** Asks before a model goes live; without a finished comparison it wants a reason. */
export function UseDialog({ opened, model, onClose }: UseDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Put ${model.name} live?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <UseForm model={model} onClose={onClose} />
    </Modal>
  );
}

const REASON = { min: 10, max: 500 };

function UseForm({ model, onClose }: Pick<UseDialogProps, 'model' | 'onClose'>) {
  const client = useQueryClient();
  const ref = model.sha256 ?? model.name;
  const status = useQuery(detectorStatusQuery);
  const live = status.data === undefined ? null : (status.data.live.sha256 ?? status.data.live.name);
  const comparisons = useQuery({
    queryKey: ['detector', 'comparisons', 'of', ref],
    queryFn: async ({ signal }) => {
      const of = (candidate: string) =>
        api.call(detectorComparisonRoutes.list, { query: { candidate }, signal });
      // A comparison counts whichever of the two was live.
      const pages = await Promise.all([of(ref), of(live ?? ref)]);
      return pages.flatMap(({ items }) => items);
    },
    enabled: status.isSuccess,
  });
  const [reason, setReason] = useState('');
  const [without, setWithout] = useState(false);
  const pair = new Set([model.sha256, status.data?.live.sha256 ?? null]);
  const done = comparisons.data?.find(
    (each) => each.state === 'done' && pair.has(each.liveSha256) && pair.has(each.candidateSha256),
  );
  const missing = REASON.min - reason.trim().length;
  const use = useMutation({
    mutationFn: () => {
      const body = without ? { model: ref, override: reason.trim() } : { model: ref };
      return changeOrPropose({ kind: 'detector.use', ...body }, () =>
        api.call(detectorSwitchRoutes.use, { body }),
      );
    },
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

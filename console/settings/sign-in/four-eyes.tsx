import { reviewRoutes } from '@bartizan/contracts';
import { Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { changeOrPropose } from '../../app/propose.ts';
import { Section } from '../../ui/page.tsx';
import { toast, toastFailure } from '../../ui/toast.ts';

/** Whether changes to guards need a second person. Turning it off needs one too. */
export function FourEyes({ mayManage }: { mayManage: boolean }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['reviews', 'settings'],
    queryFn: ({ signal }) => api.call(reviewRoutes.settings, { signal }),
  });
  const change = useMutation({
    mutationFn: (fourEyes: boolean) =>
      changeOrPropose({ kind: 'reviews.relax' }, () =>
        api.call(reviewRoutes.changeSettings, { body: { fourEyes } }),
      ),
    onSuccess: async (changed) => {
      if (changed.done) toast(changed.value.fourEyes ? 'Four eyes are demanded' : 'One person is enough');
      await client.invalidateQueries({ queryKey: ['reviews'] });
    },
    onError: toastFailure,
  });
  return (
    <Section
      title="Four eyes"
      description="For changes to policies, to how endpoints are guarded, to which injection model is live, and for turning this off."
    >
      <Switch
        size="xs"
        checked={query.data?.fourEyes ?? false}
        disabled={!mayManage || query.data === undefined || change.isPending}
        label="Somebody else has to approve"
        description="A change is proposed with its reason and waits under Reviews; whoever proposed it, also with a key of theirs, cannot approve it."
        onChange={(event) => change.mutate(event.currentTarget.checked)}
      />
    </Section>
  );
}

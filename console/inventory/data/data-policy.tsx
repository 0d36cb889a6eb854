import { type DataPolicy, reviewRoutes, sourceRoutes } from '@bartizan/contracts';
import { Button, Group, Stack, Switch, TagsInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { changeOrPropose } from '../../app/propose.ts';
import { useMay } from '../../app/session.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { Section } from '../../ui/page.tsx';
import { QueryView } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.ts';

const RULES = [
  {
    key: 'newSourceReview',
    label: 'No new source without review',
    description: 'Records of a source that nobody has reviewed wait for that.',
  },
  {
    key: 'trustedSourcesOnly',
    label: 'Only trusted sources',
    description: 'Records of sources that nobody vouches for are refused.',
  },
  {
    key: 'fourEyes',
    label: 'Four eyes on changes',
    description: 'A version is used once somebody other than who pushed it has approved it.',
  },
  {
    key: 'scanBeforeUse',
    label: 'Scan before use',
    description: 'A version is used once a scan has found nothing high or critical in it that is still open.',
  },
] as const;

/** What holds where a dataset says nothing else. */
export function DataPolicyTab() {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['data', 'policy'],
    queryFn: ({ signal }) => api.call(sourceRoutes.policy, { signal }),
  });
  return (
    <QueryView query={query}>
      {(policy) => (
        <Section title="For all datasets" description="A dataset may have a policy of its own instead.">
          <PolicyForm
            policy={policy}
            onSave={async (next) => {
              const change = await changeOrPropose({ kind: 'data.policy', dataset: null, policy: next }, () =>
                api.call(sourceRoutes.setPolicy, { body: next }),
              );
              await client.invalidateQueries({ queryKey: ['data'] });
              return change.done;
            }}
          />
          <Waiting subject="data-policy:all" />
        </Section>
      )}
    </QueryView>
  );
}

/** The policy of one dataset, or that of all. */
export function DatasetPolicySection({ datasetId }: { datasetId: string }) {
  const client = useQueryClient();
  const mayManage = useMay('data.manage');
  const query = useQuery({
    queryKey: ['data', 'dataset', datasetId, 'policy'],
    queryFn: ({ signal }) => api.call(sourceRoutes.datasetPolicy, { params: { dataset: datasetId }, signal }),
  });
  const put = useMutation({
    mutationFn: (policy: DataPolicy | null) =>
      changeOrPropose({ kind: 'data.policy', dataset: datasetId, policy }, () =>
        api.call(sourceRoutes.setDatasetPolicy, { params: { dataset: datasetId }, body: { policy } }),
      ),
    onSuccess: async ({ done }) => {
      await client.invalidateQueries({ queryKey: ['data'] });
      if (done) toast('The policy holds from now on');
    },
  });
  return (
    <QueryView query={query}>
      {({ own, effective }) => (
        <Section
          title="Policy"
          description={own === null ? 'As for all datasets.' : 'Its own, instead of that of all datasets.'}
          actions={
            mayManage ? (
              <Button
                variant="default"
                loading={put.isPending}
                onClick={() => put.mutate(own === null ? effective : null)}
              >
                {own === null ? 'Give it a policy of its own' : 'As for all datasets'}
              </Button>
            ) : null
          }
        >
          <FailureNote failure={put.error} />
          <PolicyForm
            key={JSON.stringify(own)}
            policy={effective}
            locked={own === null}
            onSave={async (next) => (await put.mutateAsync(next)).done}
          />
          <Waiting subject={`dataset:${datasetId}`} />
        </Section>
      )}
    </QueryView>
  );
}

/** Changes that demand less: they wait for a second person. */
function Waiting({ subject }: { subject: string }) {
  const mayRead = useMay('policies.read');
  const query = useQuery({
    queryKey: ['reviews', 'of', subject],
    queryFn: async ({ signal }) => {
      const { items } = await api.call(reviewRoutes.list, { query: { state: 'open', limit: 100 }, signal });
      const own = items.filter((review) => review.subject === subject).slice(0, 10);
      return await Promise.all(own.map(({ id }) => api.call(reviewRoutes.get, { params: { id }, signal })));
    },
    enabled: mayRead,
  });
  return (query.data ?? []).map(({ id, title, proposedBy, approvers }) => (
    <p key={id} role="status" style={{ marginTop: 12 }}>
      Waits for approval, proposed by {proposedBy.name}:{' '}
      <Link to="/traffic/reviews/$id" params={{ id }}>
        {title}
      </Link>
      .{' '}
      {approvers.length === 0
        ? 'Nobody may approve it: somebody else needs the role administrator or security.'
        : `${approvers.map(({ name }) => name).join(', ')} may approve it.`}
    </p>
  ));
}

function PolicyForm({
  policy,
  locked = false,
  onSave,
}: {
  policy: DataPolicy;
  locked?: boolean;
  /** False where it waits for somebody else. */
  onSave: (next: DataPolicy) => Promise<boolean>;
}) {
  const mayManage = useMay('data.manage') && !locked;
  const [values, setValues] = useState(policy);
  const save = useMutation({
    mutationFn: () => onSave(values),
    onSuccess: (done) => {
      if (done) toast('Saved');
      else setValues(policy);
    },
  });
  const isChanged = JSON.stringify(values) !== JSON.stringify(policy);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        {RULES.map(({ key, label, description }) => (
          <Switch
            key={key}
            label={label}
            description={description}
            checked={values[key]}
            disabled={!mayManage}
            onChange={(event) => setValues({ ...values, [key]: event.currentTarget.checked })}
          />
        ))}
        <TagsInput
          label="Purposes"
          description="For what records may be read; whoever reads names one of them. Anything where empty."
          placeholder={mayManage ? 'Type a purpose, then Enter' : undefined}
          value={values.purposes}
          disabled={!mayManage}
          onChange={(purposes) => setValues({ ...values, purposes })}
        />
        <FailureNote failure={save.error} />
        {mayManage ? (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={!isChanged}>
              Save the policy
            </Button>
          </Group>
        ) : null}
      </Stack>
    </form>
  );
}

import { type DataPolicy, sourceRoutes } from '@bartizan/contracts';
import { Button, Group, Stack, Switch, TagsInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
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
              await api.call(sourceRoutes.setPolicy, { body: next });
              await client.invalidateQueries({ queryKey: ['data'] });
            }}
          />
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
      api.call(sourceRoutes.setDatasetPolicy, { params: { dataset: datasetId }, body: { policy } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['data'] });
      toast('The policy holds from now on');
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
            onSave={(next) => put.mutateAsync(next)}
          />
        </Section>
      )}
    </QueryView>
  );
}

function PolicyForm({
  policy,
  locked = false,
  onSave,
}: {
  policy: DataPolicy;
  locked?: boolean;
  onSave: (next: DataPolicy) => Promise<unknown>;
}) {
  const mayManage = useMay('data.manage') && !locked;
  const [values, setValues] = useState(policy);
  const save = useMutation({ mutationFn: () => onSave(values), onSuccess: () => toast('Saved') });
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

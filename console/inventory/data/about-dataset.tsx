import { type Dataset, type DatasetChange, datasetRoutes } from '@bartizan/contracts';
import { Button, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatBytes } from '../../ui/format.ts';
import { Facts, Section } from '../../ui/page.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.ts';
import { DatasetPolicySection } from './data-policy.tsx';

/** What people say of a dataset, its policy, and how it goes. */
export function AboutDataset({ dataset }: { dataset: Dataset }) {
  const mayWrite = useMay('data.write');
  const mayManage = useMay('data.manage');
  return (
    <div className="bz-version-columns">
      <div>
        <Section title="Described as">
          {mayWrite ? (
            <DescribeForm dataset={dataset} mayManage={mayManage} />
          ) : (
            <Described dataset={dataset} />
          )}
        </Section>
        {mayManage ? <Removal dataset={dataset} /> : null}
      </div>
      <div>
        <Section title="Kept">
          <Facts
            items={[
              ['Registered', <RelativeTime key="at" at={dataset.createdAt} />],
              ['By', dataset.createdBy.name],
              ['Kept here', formatBytes(dataset.storedBytes)],
            ]}
          />
        </Section>
        <DatasetPolicySection datasetId={dataset.id} />
      </div>
    </div>
  );
}

function Described({ dataset }: { dataset: Dataset }) {
  const said = (text: string | null) => text || <span className="bz-dim">not said</span>;
  return (
    <Facts
      items={[
        ['Description', said(dataset.description)],
        ['Licence', said(dataset.license)],
        ['Ground', said(dataset.consent)],
        ['Homepage', said(dataset.homepage)],
        ['Label', said(dataset.label)],
      ]}
    />
  );
}

function DescribeForm({ dataset, mayManage }: { dataset: Dataset; mayManage: boolean }) {
  const client = useQueryClient();
  const [values, setValues] = useState({
    description: dataset.description,
    license: dataset.license,
    consent: dataset.consent,
    homepage: dataset.homepage,
    label: dataset.label ?? '',
    retentionDays: dataset.retentionDays,
  });
  const save = useMutation({
    mutationFn: () => {
      const { retentionDays, label, ...rest } = values;
      const body: DatasetChange = { ...rest, label: label === '' ? null : label };
      if (mayManage && retentionDays !== dataset.retentionDays) body.retentionDays = retentionDays;
      return api.call(datasetRoutes.update, { params: { dataset: dataset.id }, body });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['data'] });
      toast('Saved');
    },
  });
  const text = (key: 'license' | 'consent' | 'homepage' | 'label') => ({
    value: values[key],
    onChange: (event: { currentTarget: { value: string } }) =>
      setValues({ ...values, [key]: event.currentTarget.value }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <Textarea
          label="Description"
          autosize
          minRows={2}
          value={values.description}
          onChange={(event) => setValues({ ...values, description: event.currentTarget.value })}
        />
        <TextInput label="Licence" description="As an SPDX expression, or in words." {...text('license')} />
        <TextInput
          label="Ground"
          description="On what records of people are used: consent, contract, law."
          {...text('consent')}
        />
        <TextInput label="Homepage" {...text('homepage')} />
        <TextInput label="Label" description="Column with the label." {...text('label')} />
        <NumberInput
          hideControls
          label="Keep old content for"
          description="Days; hashes stay. Empty: for good."
          min={1}
          max={36_500}
          disabled={!mayManage}
          value={values.retentionDays ?? ''}
          onChange={(value) =>
            setValues({ ...values, retentionDays: typeof value === 'number' ? value : null })
          }
        />
        <FailureNote failure={save.error} />
        <div>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}

function Removal({ dataset }: { dataset: Dataset }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  return (
    <Section title="Remove it">
      <p className="bz-dim">The content of all its versions goes; hashes and the chain of custody stay.</p>
      <Button mt="sm" color="red" variant="light" onClick={() => setIsAsking(true)}>
        Remove this dataset
      </Button>
      <Confirm
        opened={isAsking}
        title="Remove this dataset"
        verb="Remove this dataset"
        name={dataset.name}
        onClose={() => setIsAsking(false)}
        onConfirm={async () => {
          await api.call(datasetRoutes.remove, { params: { dataset: dataset.id } });
          await client.invalidateQueries({ queryKey: ['data'] });
          await navigate({ to: '/inventory/datasets' });
        }}
      >
        The content of its {dataset.versions} versions is gone for good; what was made from it is not told by
        this.
      </Confirm>
    </Section>
  );
}

import { type Model, registryRoutes, type UploadedVersion } from '@bartizan/contracts';
import { Autocomplete, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { teamsQuery } from '../app/queries.ts';
import { Page, Section } from '../ui/page.tsx';
import { toast } from '../ui/toast.ts';
import { baseOf } from './base.ts';
import { SendForm } from './send-form.tsx';
import { discardUpload, uploadVersion } from './upload.ts';

const route = getRouteApi('/house/inventory/models/upload');
const above = <Link to="/inventory/models">Models</Link>;

/** A new version of a model from files on the person's machine. */
export function UploadPage() {
  return (
    <Gate permission="models.write">
      <Page
        narrow
        title="Upload a version"
        above={above}
        description="The files are kept by their digest and scanned at once; nothing in them is ever run."
      >
        <UploadForm />
      </Page>
    </Gate>
  );
}

interface Values {
  readonly model: string;
  readonly description: string;
  readonly alias: string;
  readonly base: string;
  readonly teamId: string;
}

function UploadForm() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [values, setValues] = useState<Values>({
    model: search.model ?? '',
    description: '',
    alias: '',
    base: '',
    teamId: '',
  });
  const change = (next: Partial<Values>) => setValues((before) => ({ ...before, ...next }));
  const onDone = async (made: UploadedVersion) => {
    await client.invalidateQueries({ queryKey: ['models'] });
    toast(`Version ${made.version} of ${made.model} is registered and being scanned`);
    await navigate({
      to: '/inventory/models/$id/versions/$version',
      params: { id: made.modelId, version: String(made.version) },
      ignoreBlocker: true,
    });
  };
  return (
    <SendForm
      begin="Upload this version"
      goOn="Go on with the upload"
      leaving="The upload is under way. Leave this page and stop it?"
      isReady={values.model.trim() !== ''}
      send={(job) => uploadVersion({ ...job, input: inputOf(values) })}
      discard={discardUpload}
      onDone={onDone}
    >
      {(picker) => (
        <>
          <Section title="What it is">
            <Fields values={values} onChange={change} />
          </Section>
          <Section title="Files">{picker}</Section>
        </>
      )}
    </SendForm>
  );
}

function inputOf({ model, description, alias, base, teamId }: Values) {
  const named = baseOf(base);
  return {
    model: model.trim(),
    description,
    ...(alias.trim() === '' ? {} : { alias: alias.trim() }),
    ...(named === null ? {} : { base: named }),
    ...(teamId === '' ? {} : { teamId }),
  };
}

function Fields({ values, onChange }: { values: Values; onChange: (next: Partial<Values>) => void }) {
  const known = useQuery({
    queryKey: ['models', 'names'],
    queryFn: async ({ signal }): Promise<readonly Model[]> =>
      (await api.call(registryRoutes.list, { query: { limit: 200, order: 'updated' }, signal })).items,
  });
  const teams = useQuery(teamsQuery);
  const isNew = !known.data?.some(({ name }) => name === values.model.trim());
  return (
    <Stack gap="sm">
      <Autocomplete
        required
        label="Model"
        description="The name of a model that there is, or of a new one."
        maxLength={256}
        limit={20}
        data={(known.data ?? []).map(({ name }) => name)}
        value={values.model}
        onChange={(model) => onChange({ model })}
      />
      {isNew && values.model.trim() !== '' && (teams.data?.length ?? 0) > 0 ? (
        <Select
          label="Team of the new model"
          data={[
            { value: '', label: 'Everybody' },
            ...(teams.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={values.teamId}
          allowDeselect={false}
          onChange={(teamId) => onChange({ teamId: teamId ?? '' })}
        />
      ) : null}
      <Textarea
        label="Description"
        autosize
        minRows={2}
        maxLength={10_000}
        value={values.description}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
      <TextInput
        label="Alias"
        description="Optional; names this version from then on."
        placeholder="challenger"
        maxLength={100}
        value={values.alias}
        onChange={(event) => onChange({ alias: event.currentTarget.value })}
      />
      <TextInput
        label="Base model"
        description="Optional: MODEL@VERSION of this registry that it was made from, or a name such as hf:organisation/model. A bad foundation then shows here too."
        placeholder="foundation@3"
        maxLength={400}
        value={values.base}
        onChange={(event) => onChange({ base: event.currentTarget.value })}
      />
    </Stack>
  );
}

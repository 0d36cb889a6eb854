import { DATA_FORMATS, type DataFormat, dataPushRoutes, datasetRoutes } from '@bartizan/contracts';
import { Autocomplete, Button, Progress, Select, Stack, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatCount } from '../../ui/format.ts';
import { Page, Section } from '../../ui/page.tsx';
import { toast } from '../../ui/toast.ts';
import { SendForm } from '../send-form.tsx';
import { sourceNamesQuery } from './data-queries.ts';
import { FORMAT_WORDS } from './data-words.tsx';
import { discardPush, guessFormat, sendPush } from './push.ts';
import './data.css';

const route = getRouteApi('/house/inventory/datasets/push');
const POLL_MS = 1_000;

/** A new version of a dataset from files on the person's machine. */
export function PushPage() {
  return (
    <Gate permission="data.write">
      <Page
        narrow
        title="Push a version"
        above={<Link to="/inventory/datasets">Datasets</Link>}
        description="Every record is hashed as it comes in. For data that must stay where it is, use bartizan data push --reference."
      >
        <PushForm />
      </Page>
    </Gate>
  );
}

interface Values {
  readonly dataset: string;
  readonly source: string;
  readonly batch: string;
  readonly reason: string;
  readonly label: string;
  readonly format: DataFormat | null;
}

function PushForm() {
  const search = route.useSearch();
  const [values, setValues] = useState<Values>({
    dataset: search.dataset ?? '',
    source: '',
    batch: '',
    reason: '',
    label: '',
    format: null,
  });
  const [reading, setReading] = useState<string | null>(null);
  const change = (next: Partial<Values>) => setValues((before) => ({ ...before, ...next }));
  if (reading !== null) return <Reading id={reading} onAgain={() => setReading(null)} />;
  return (
    <SendForm
      begin="Push this version"
      goOn="Go on with the push"
      leaving="The files are being sent. Leave this page and stop that?"
      isReady={values.dataset.trim() !== '' && values.format !== null}
      send={(job) => sendPush({ ...job, input: inputOf(values) })}
      discard={discardPush}
      onChoose={(chosen) => change({ format: guessFormat(chosen.map(({ path }) => path)) })}
      onDone={(push) => setReading(push.id)}
    >
      {(picker, hasFiles) => (
        <>
          <Section title="Files" description="One table, or a folder of texts or images.">
            {picker}
          </Section>
          <Section title="What it is, and where it comes from">
            <Fields values={values} onChange={change} hasFiles={hasFiles} />
          </Section>
        </>
      )}
    </SendForm>
  );
}

function inputOf({ dataset, source, batch, reason, label, format }: Values) {
  const said = <Key extends string>(key: Key, value: string) =>
    value.trim() === '' ? {} : ({ [key]: value.trim() } as Record<Key, string>);
  return {
    dataset: dataset.trim(),
    format: format ?? 'csv',
    ...said('source', source),
    ...said('batch', batch),
    ...said('reason', reason),
    ...said('label', label),
  };
}

function Fields({
  values,
  onChange,
  hasFiles,
}: {
  values: Values;
  onChange: (next: Partial<Values>) => void;
  hasFiles: boolean;
}) {
  const known = useQuery({
    queryKey: ['data', 'datasets', 'names'],
    queryFn: async ({ signal }) =>
      (await api.call(datasetRoutes.list, { query: { limit: 200 }, signal })).items,
  });
  const sources = useQuery(sourceNamesQuery);
  return (
    <Stack gap="sm">
      <Autocomplete
        required
        label="Dataset"
        description="The name of a dataset that there is, or of a new one."
        maxLength={256}
        limit={20}
        data={(known.data ?? []).map(({ name }) => name)}
        value={values.dataset}
        onChange={(dataset) => onChange({ dataset })}
      />
      <Select
        required
        label="Format"
        data={DATA_FORMATS.map((value) => ({ value, label: FORMAT_WORDS[value] }))}
        value={values.format}
        error={
          hasFiles && values.format === null ? 'The names do not tell: choose what the files are' : undefined
        }
        onChange={(format) => onChange({ format: format as DataFormat | null })}
      />
      <Autocomplete
        label="Source"
        description="A registered source that the records come from."
        data={(sources.data ?? []).map(({ name }) => name)}
        value={values.source}
        onChange={(source) => onChange({ source })}
      />
      <TextInput
        label="Batch"
        description="Names this delivery: a day, a crawl, a file."
        placeholder="2026-11-03"
        maxLength={200}
        value={values.batch}
        onChange={(event) => onChange({ batch: event.currentTarget.value })}
      />
      <TextInput
        label="Label"
        description="Column with the label, where there is one."
        value={values.label}
        onChange={(event) => onChange({ label: event.currentTarget.value })}
      />
      <TextInput
        label="Why"
        description="Goes into the chain of custody."
        maxLength={2_000}
        value={values.reason}
        onChange={(event) => onChange({ reason: event.currentTarget.value })}
      />
    </Stack>
  );
}

/** How far the server is with reading; that goes on when this page is left. */
function Reading({ id, onAgain }: { id: string; onAgain: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['data', 'push', id],
    queryFn: ({ signal }) => api.call(dataPushRoutes.get, { params: { id }, signal }),
    refetchInterval: ({ state }) =>
      state.data?.state === 'done' || state.data?.state === 'failed' ? false : POLL_MS,
  });
  const push = query.data;
  useEffect(() => {
    if (push?.state !== 'done' || push.version === null) return;
    const { datasetId, number } = push.version;
    toast(
      push.same
        ? `The same records are there already, as version ${number}`
        : `Version ${number} of ${push.dataset} is there`,
    );
    void client.invalidateQueries({ queryKey: ['data'] });
    void navigate({
      to: '/inventory/datasets/$id/versions/$version',
      params: { id: datasetId, version: String(number) },
    });
  }, [push, client, navigate]);
  if (push?.state === 'failed')
    return (
      <Section title="It could not be read">
        <p role="alert">{push.failure}</p>
        <Button variant="default" mt="md" onClick={onAgain}>
          Back to the form
        </Button>
      </Section>
    );
  return (
    <Section title="The records are being read and hashed">
      <FailureNote failure={query.error} />
      <Progress value={100} animated aria-label="Reading" />
      <p className="bz-dim" role="status">
        {push?.progress ? `${formatCount(push.progress.rows)} records so far. ` : ''}
        This goes on when you leave; the dataset shows the version once it is there.
      </p>
    </Section>
  );
}

import {
  DATA_FORMATS,
  type DataFormat,
  type DataPush,
  dataPushRoutes,
  datasetRoutes,
} from '@bartizan/contracts';
import { Autocomplete, Button, Group, Progress, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatBytes, formatCount } from '../../ui/format.ts';
import { Page, Section } from '../../ui/page.tsx';
import { toast } from '../../ui/toast.ts';
import type { Chosen, UploadProgress } from '../upload.ts';
import { Picker } from '../upload-picker.tsx';
import { sourceNamesQuery } from './data-queries.ts';
import { FORMAT_WORDS } from './data-words.tsx';
import { discardPush, guessFormat, sendPush } from './push.ts';
import './data.css';
import '../models.css';

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
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const [progress, setProgress] = useState<UploadProgress | null>(null);
  const [reading, setReading] = useState<string | null>(null);
  const begun = useRef<string | null>(null);
  const stop = useRef<AbortController | null>(null);
  const change = (next: Partial<Values>) => setValues((before) => ({ ...before, ...next }));
  const startOver = () => {
    const id = begun.current;
    begun.current = null;
    setProgress(null);
    send.reset();
    if (id !== null) void discardPush(id).catch(() => undefined);
  };
  const send = useMutation({
    mutationFn: () => {
      stop.current = new AbortController();
      return sendPush({
        input: inputOf(values),
        chosen,
        resume: begun.current,
        signal: stop.current.signal,
        onBegun: (id) => {
          begun.current = id;
        },
        onProgress: setProgress,
      });
    },
    onSuccess: (push: DataPush) => {
      begun.current = null;
      setReading(push.id);
    },
  });
  useBlocker({
    shouldBlockFn: () => !globalThis.confirm('The files are being sent. Leave this page and stop that?'),
    enableBeforeUnload: () => send.isPending,
    disabled: !send.isPending,
  });
  if (reading !== null) return <Reading id={reading} onAgain={() => setReading(null)} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}
    >
      <fieldset disabled={send.isPending} style={{ border: 0, padding: 0, margin: 0 }}>
        <Section title="Files" description="One table, or a folder of texts or images.">
          <Picker
            chosen={chosen}
            onChange={(next) => {
              startOver();
              setChosen(next);
              change({ format: guessFormat(next.map(({ path }) => path)) });
            }}
          />
        </Section>
        <Section title="What it is, and where it comes from">
          <Fields values={values} onChange={change} hasFiles={chosen.length > 0} />
        </Section>
      </fieldset>
      {progress === null ? null : (
        <div role="status">
          <Progress
            value={progress.totalBytes === 0 ? 100 : (progress.sentBytes / progress.totalBytes) * 100}
            aria-label="Files that are sent"
          />
          <p className="bz-dim">
            {formatBytes(progress.sentBytes)} of {formatBytes(progress.totalBytes)} {progress.file}
          </p>
        </div>
      )}
      <FailureNote failure={send.error} />
      <Group justify="flex-end" gap="xs" mt="md">
        {send.isPending ? (
          <Button variant="default" onClick={() => stop.current?.abort()}>
            Stop
          </Button>
        ) : null}
        <Button
          type="submit"
          loading={send.isPending}
          disabled={chosen.length === 0 || values.dataset.trim() === '' || values.format === null}
        >
          {begun.current === null ? 'Push this version' : 'Go on with the push'}
        </Button>
      </Group>
    </form>
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

import { type Model, registryRoutes, type UploadedVersion } from '@bartizan/contracts';
import { Autocomplete, Button, Group, Progress, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { teamsQuery } from '../app/queries.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { formatBytes, formatNoun } from '../ui/format.ts';
import { Page, Section } from '../ui/page.tsx';
import { useNow } from '../ui/time.tsx';
import { toast } from '../ui/toast.ts';
import { baseOf } from './base.ts';
import { type Chosen, discardUpload, type UploadProgress, uploadVersion } from './upload.ts';
import { Picker } from './upload-picker.tsx';
import './models.css';

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
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const [progress, setProgress] = useState<UploadProgress | null>(null);
  const [startedAt, setStartedAt] = useState(0);
  const begun = useRef<string | null>(null);
  const stop = useRef<AbortController | null>(null);
  const change = (next: Partial<Values>) => setValues((before) => ({ ...before, ...next }));

  const send = useMutation({
    mutationFn: () => {
      stop.current = new AbortController();
      setStartedAt(Date.now());
      return uploadVersion({
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
    onSuccess: async (made: UploadedVersion) => {
      begun.current = null;
      await client.invalidateQueries({ queryKey: ['models'] });
      toast(`Version ${made.version} of ${made.model} is registered and being scanned`);
      await navigate({
        to: '/inventory/models/$id/versions/$version',
        params: { id: made.modelId, version: String(made.version) },
        ignoreBlocker: true,
      });
    },
  });
  const startOver = () => {
    const id = begun.current;
    begun.current = null;
    setProgress(null);
    send.reset();
    if (id !== null) void discardUpload(id).catch(() => undefined);
  };
  useBlocker({
    shouldBlockFn: () => !globalThis.confirm('The upload is under way. Leave this page and stop it?'),
    enableBeforeUnload: () => send.isPending,
    disabled: !send.isPending,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}
    >
      <fieldset disabled={send.isPending} style={{ border: 0, padding: 0, margin: 0 }}>
        <Section title="What it is">
          <Fields values={values} onChange={change} />
        </Section>
        <Section title="Files">
          <Picker
            chosen={chosen}
            onChange={(next) => {
              startOver();
              setChosen(next);
            }}
          />
        </Section>
      </fieldset>
      {progress === null ? null : <Bar progress={progress} startedAt={startedAt} isOver={!send.isPending} />}
      {isStopped(send.error) ? (
        <p className="bz-dim">Stopped. What arrived is kept: go on, or choose other files to begin anew.</p>
      ) : (
        <FailureNote failure={send.error} />
      )}
      <Group justify="flex-end" gap="xs" mt="md">
        {send.isPending ? (
          <Button variant="default" onClick={() => stop.current?.abort()}>
            Stop
          </Button>
        ) : null}
        <Button
          type="submit"
          loading={send.isPending}
          disabled={chosen.length === 0 || values.model.trim() === ''}
        >
          {begun.current === null ? 'Upload this version' : 'Go on with the upload'}
        </Button>
      </Group>
    </form>
  );
}

const isStopped = (failure: unknown): boolean =>
  failure instanceof DOMException && failure.name === 'AbortError';

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

function Bar({
  progress,
  startedAt,
  isOver,
}: {
  progress: UploadProgress;
  startedAt: number;
  isOver: boolean;
}) {
  const now = useNow();
  const { sentBytes, totalBytes, file } = progress;
  const seconds = Math.max(1, (now - startedAt) / 1000);
  const rate = sentBytes / seconds;
  const left = rate > 0 ? Math.ceil((totalBytes - sentBytes) / rate) : null;
  const percent = totalBytes === 0 ? 100 : (sentBytes / totalBytes) * 100;
  return (
    <div role="status">
      <Progress value={percent} aria-label="Progress of the upload" />
      <Group justify="space-between" className="bz-dim" mt={4}>
        <span className="bz-wrap">{file === '' ? 'Being registered' : file}</span>
        <span>
          {formatBytes(sentBytes)} of {formatBytes(totalBytes)}
          {isOver || left === null
            ? ''
            : `, ${formatBytes(Math.round(rate))}/s, about ${formatNoun(Math.max(1, left), 'second')} left`}
        </span>
      </Group>
    </div>
  );
}

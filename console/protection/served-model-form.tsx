import { registryRoutes, type ServedModel, VersionRef } from '@bartizan/contracts';
import { Autocomplete, Button, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { z } from 'zod';
import { api } from '../app/api.ts';
import { FailureNote } from '../ui/failure-note.tsx';

const CHOICES = 20;

interface FormProps {
  /** Ids of the models that are named already. */
  readonly taken: readonly string[];
  readonly save: (item: z.output<typeof ServedModel>) => Promise<unknown>;
}

/** Names one more model, or another version of one that is there. */
export function ServedModelForm({ taken, save }: FormProps) {
  const [model, setModel] = useState<{ readonly id: string; readonly name: string } | null>(null);
  const [version, setVersion] = useState('latest');
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const ref = version.trim();
  const choices = useVersionChoices(model?.id ?? null);
  const problem = VersionRef.safeParse(ref).error?.issues[0]?.message;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (model === null || problem !== undefined) return;
    setBusy(true);
    setFailure(null);
    try {
      await save({ modelId: model.id, version: ref });
      setModel(null);
      setVersion('latest');
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate style={{ marginTop: 16 }}>
      <div className="bz-served-form">
        <ModelSelect
          value={model}
          onChange={(chosen) => {
            setModel(chosen);
            setVersion('latest');
          }}
        />
        <Autocomplete
          label="Version"
          description="A number stays; an alias or latest moves on with the model."
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          data={choices.includes(ref) ? choices : choices.filter((one) => one.includes(ref))}
          filter={({ options }) => options}
          value={version}
          onChange={setVersion}
          error={
            ref === '' || problem === undefined
              ? undefined
              : `${problem.charAt(0).toUpperCase()}${problem.slice(1)}`
          }
          disabled={model === null}
        />
        <Button type="submit" loading={busy} disabled={model === null || problem !== undefined}>
          {model !== null && taken.includes(model.id) ? 'Change the version' : 'Add model'}
        </Button>
      </div>
      <FailureNote failure={failure} />
    </form>
  );
}

interface ModelSelectProps {
  readonly value: { readonly id: string; readonly name: string } | null;
  readonly onChange: (model: { readonly id: string; readonly name: string } | null) => void;
}

/** Finds a model by what is typed; the server searches. */
function ModelSelect({ value, onChange }: ModelSelectProps) {
  const [typed, setTyped] = useState('');
  const [needle] = useDebouncedValue(typed === value?.name ? '' : typed.trim(), 250);
  const found = useQuery({
    queryKey: ['models', 'choices', needle],
    queryFn: async ({ signal }) =>
      (
        await api.call(registryRoutes.list, {
          query: { limit: CHOICES, ...(needle === '' ? {} : { q: needle }) },
          signal,
        })
      ).items,
    placeholderData: keepPreviousData,
  });
  const names = new Map((found.data ?? []).map(({ id, name }) => [id, name]));
  if (value) names.set(value.id, value.name);
  return (
    <Select
      label="Model"
      placeholder="Search by name"
      searchable
      clearable
      data={[...names].map(([id, name]) => ({ value: id, label: name }))}
      filter={({ options }) => options}
      nothingFoundMessage={found.isPending ? 'Searching' : 'No model in your reach is called that'}
      value={value?.id ?? null}
      onSearchChange={setTyped}
      onChange={(id) => onChange(id === null ? null : { id, name: names.get(id) ?? '' })}
    />
  );
}

/** What can stand for a version of a model: `latest`, its aliases, its newest numbers. */
function useVersionChoices(modelId: string | null): string[] {
  const params = { model: modelId ?? '' };
  const model = useQuery({
    queryKey: ['models', modelId],
    queryFn: ({ signal }) => api.call(registryRoutes.get, { params, signal }),
    enabled: modelId !== null,
  });
  const versions = useQuery({
    queryKey: ['models', modelId, 'ready'],
    queryFn: async ({ signal }) =>
      (await api.call(registryRoutes.versions, { params, query: { status: 'ready' }, signal })).items,
    enabled: modelId !== null,
  });
  const aliases = model.data?.aliases.map(({ alias }) => alias) ?? [];
  const numbers = versions.data?.map(({ version }) => String(version)) ?? [];
  return [...new Set(['latest', ...aliases, ...numbers])];
}

import { bomRoutes, type ModelCard, type ModelCardFields } from '@bartizan/contracts';
import {
  Button,
  Checkbox,
  Group,
  NumberInput,
  Select,
  Stack,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast } from '../ui/toast.ts';

/** What people know of a model and no file says; it goes into every bill of materials. */
export function CardTab({ modelId, mayWrite }: { modelId: string; mayWrite: boolean }) {
  const query = useQuery({
    queryKey: ['models', modelId, 'card'],
    queryFn: ({ signal }) => api.call(bomRoutes.card, { params: { model: modelId }, signal }),
  });
  return (
    <QueryView query={query}>
      {(card) => <CardForm key={card.updatedAt ?? 0} modelId={modelId} card={card} mayWrite={mayWrite} />}
    </QueryView>
  );
}

type Change = (next: Partial<ModelCardFields>) => void;

function CardForm({ modelId, card, mayWrite }: { modelId: string; card: ModelCard; mayWrite: boolean }) {
  const client = useQueryClient();
  const { updatedAt, updatedBy, ...known } = card;
  const [values, setValues] = useState<ModelCardFields>(known);
  const [risks, setRisks] = useState(() => textOf(known.risks));
  const change: Change = (next) => setValues((before) => ({ ...before, ...next }));
  const save = useMutation({
    mutationFn: () =>
      api.call(bomRoutes.setCard, { params: { model: modelId }, body: { ...values, risks: risksOf(risks) } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['models', modelId] });
      toast('Model card saved');
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <fieldset disabled={!mayWrite} style={{ border: 0, margin: 0, padding: 0 }}>
        <div className="bz-version-columns">
          <Section title="What it is">
            <Identity values={values} onChange={change} />
          </Section>
          <Section title="What it is for, and what not">
            <Use values={values} onChange={change} risks={risks} onRisks={setRisks} />
          </Section>
        </div>
      </fieldset>
      <FailureNote failure={save.error} />
      <Group justify="space-between" mt="sm">
        <span className="bz-dim">
          {updatedAt === null ? (
            'Nobody wrote anything yet.'
          ) : (
            <>
              {updatedBy}, <RelativeTime at={updatedAt} />
            </>
          )}
        </span>
        {mayWrite ? (
          <Button type="submit" loading={save.isPending}>
            Save the model card
          </Button>
        ) : null}
      </Group>
    </form>
  );
}

const APPROACHES = [
  { value: '', label: 'Not said' },
  { value: 'supervised', label: 'Supervised' },
  { value: 'unsupervised', label: 'Unsupervised' },
  { value: 'semi-supervised', label: 'Semi-supervised' },
  { value: 'self-supervised', label: 'Self-supervised' },
  { value: 'reinforcement-learning', label: 'Reinforcement learning' },
];

function Identity({ values, onChange }: { values: ModelCardFields; onChange: Change }) {
  const line = (
    name: 'license' | 'supplier' | 'task' | 'architectureFamily' | 'architecture',
    label: string,
    hint: string,
  ) => (
    <TextInput
      label={label}
      placeholder={hint}
      maxLength={200}
      value={values[name]}
      onChange={(event) => onChange({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <Stack gap="sm">
      {line('license', 'Licence', 'Apache-2.0')}
      {line('supplier', 'Made by', 'Name of the organisation')}
      {line('task', 'Task', 'classification')}
      <Select
        label="How it learned"
        data={APPROACHES}
        value={values.approach}
        allowDeselect={false}
        onChange={(value) => onChange({ approach: (value ?? '') as ModelCardFields['approach'] })}
      />
      {line('architectureFamily', 'Family of its architecture', 'gradient boosting, transformer')}
      {line('architecture', 'Architecture', 'XGBClassifier')}
      <NumberInput
        label="Energy of the training, in kWh"
        min={0}
        value={values.trainingEnergyKwh ?? ''}
        onChange={(value) =>
          onChange({ trainingEnergyKwh: typeof value === 'number' && value > 0 ? value : null })
        }
      />
      <Checkbox
        label="Trained from scratch: there is no base model"
        checked={values.trainedFromScratch}
        onChange={(event) => onChange({ trainedFromScratch: event.currentTarget.checked })}
      />
    </Stack>
  );
}

interface UseProps {
  readonly values: ModelCardFields;
  readonly onChange: Change;
  readonly risks: string;
  readonly onRisks: (text: string) => void;
}

function Use({ values, onChange, risks, onRisks }: UseProps) {
  const list = (name: 'useCases' | 'users' | 'limitations' | 'tradeoffs', label: string) => (
    <TagsInput
      label={label}
      description="One after the other, each ended with Enter."
      maxTags={50}
      splitChars={[]}
      acceptValueOnBlur
      value={[...values[name]]}
      onChange={(next) => onChange({ [name]: next })}
    />
  );
  return (
    <Stack gap="sm">
      {list('useCases', 'What it is for')}
      {list('users', 'Who is to use it')}
      {list('limitations', 'Its limits')}
      {list('tradeoffs', 'Its trade-offs')}
      <Textarea
        label="Risks and what is done about them"
        description="One a line: risk, colon, what is done about it."
        autosize
        minRows={3}
        value={risks}
        onChange={(event) => onRisks(event.currentTarget.value)}
      />
    </Stack>
  );
}

const textOf = (risks: ModelCardFields['risks']): string =>
  risks.map(({ name, mitigation }) => (mitigation ? `${name}: ${mitigation}` : name)).join('\n');

/** Risks as they are written, one a line. */
function risksOf(text: string): ModelCardFields['risks'] {
  return text
    .split('\n')
    .map((line) => {
      const [name = '', ...rest] = line.split(':');
      return { name: name.trim(), mitigation: rest.join(':').trim() };
    })
    .filter(({ name }) => name !== '');
}

import { Epsilon, type PrivacyBudgetView, type PrivateQuery, privacyRoutes } from '@bartizan/contracts';
import { Button, Group, NumberInput, Select, Stack, TextInput } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { askPurpose } from '../../app/purpose-dialog.tsx';
import { useMay } from '../../app/session.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatCount } from '../../ui/format.ts';
import { Facts, Section } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.ts';
import { Releases } from './released.tsx';

/** Statistics that are released with differential privacy, and what is left of the budget. */
export function PrivacyTab({ datasetId }: { datasetId: string }) {
  const mayWrite = useMay('data.write');
  const query = useQuery({
    queryKey: ['data', 'dataset', datasetId, 'privacy'],
    queryFn: ({ signal }) => api.call(privacyRoutes.budget, { params: { dataset: datasetId }, signal }),
  });
  return (
    <QueryView query={query}>
      {(view) => (
        <div className="bz-version-columns">
          <div>
            {view.budget === null ? (
              <EmptyState icon={IconLock} title="No budget yet">
                Counts, histograms, sums, means and quantiles can be given out with noise that hides each
                record, until the budget is spent. Somebody who manages data sets it.
              </EmptyState>
            ) : mayWrite ? (
              <ReleaseForm datasetId={datasetId} />
            ) : null}
            <Releases datasetId={datasetId} />
          </div>
          <Budget datasetId={datasetId} view={view} />
        </div>
      )}
    </QueryView>
  );
}

const RELATIONS = [
  { value: 'add-or-remove-one', label: 'one record more or less' },
  { value: 'replace-one', label: 'one record replaced' },
];

function Budget({ datasetId, view }: { datasetId: string; view: PrivacyBudgetView }) {
  const client = useQueryClient();
  const mayManage = useMay('data.manage');
  const [epsilon, setEpsilon] = useState(view.budget?.epsilon ?? '1');
  const [delta, setDelta] = useState<number | string>(view.budget?.delta ?? 0.000001);
  const [relation, setRelation] = useState<string>(view.budget?.relation ?? 'add-or-remove-one');
  const [unit, setUnit] = useState(view.budget?.unit ?? 'one person');
  const save = useMutation({
    mutationFn: () =>
      api.call(privacyRoutes.setBudget, {
        params: { dataset: datasetId },
        body: {
          epsilon,
          delta: Number(delta),
          relation: relation === 'replace-one' ? 'replace-one' : 'add-or-remove-one',
          unit,
        },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['data'] });
      toast('The budget is set');
    },
  });
  const isValid = Epsilon.safeParse(epsilon).success;
  return (
    <Section title="Budget" description="What releases may spend together. What was spent stays spent.">
      {view.budget === null ? null : (
        <Facts
          items={[
            ['ε', `${view.spent.epsilon} of ${view.budget.epsilon} spent`],
            ['δ', `${view.spent.delta} of ${view.budget.delta} spent`],
            ['Under way', `ε ${view.reserved.epsilon}`],
            ['Releases', formatCount(view.releases)],
            ['A record is', view.budget.unit],
          ]}
        />
      )}
      {mayManage ? (
        <form
          style={{ marginTop: 12 }}
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="ε"
              required
              value={epsilon}
              error={isValid ? undefined : 'Write a decimal such as 0.5'}
              onChange={(event) => setEpsilon(event.currentTarget.value)}
            />
            <NumberInput
              hideControls
              label="δ"
              min={0}
              max={0.01}
              step={0.000001}
              value={delta}
              onChange={setDelta}
            />
            <Select
              label="Neighbours differ by"
              data={RELATIONS}
              allowDeselect={false}
              value={relation}
              onChange={(value) => setRelation(value ?? 'add-or-remove-one')}
            />
            <TextInput
              label="A record is"
              required
              value={unit}
              onChange={(event) => setUnit(event.currentTarget.value)}
            />
            <FailureNote failure={save.error} />
            <div>
              <Button type="submit" variant="default" loading={save.isPending} disabled={!isValid}>
                {view.budget === null ? 'Set the budget' : 'Change the budget'}
              </Button>
            </div>
          </Stack>
        </form>
      ) : null}
    </Section>
  );
}

const KINDS = [
  { value: 'count', label: 'Count' },
  { value: 'histogram', label: 'Histogram' },
  { value: 'sum', label: 'Sum' },
  { value: 'mean', label: 'Mean' },
  { value: 'quantile', label: 'Quantile' },
];

interface Asked {
  readonly kind: string;
  readonly column: string;
  readonly epsilon: string;
  readonly low: string;
  readonly high: string;
  readonly q: string;
  readonly categories: string;
}

function queryOf(asked: Asked): PrivateQuery {
  const { kind, column, epsilon } = asked;
  const of = { version: 'latest', epsilon };
  const bounds = { column, low: Number(asked.low), high: Number(asked.high) };
  const categories = asked.categories.split(',').flatMap((each) => each.trim() || []);
  switch (kind) {
    case 'histogram':
      return categories.length > 0
        ? { ...of, kind, column, categories, delta: 0 }
        : { ...of, kind, column, delta: 0.000001 };
    case 'sum':
    case 'mean':
      return { ...of, kind, ...bounds };
    case 'quantile':
      return { ...of, kind, ...bounds, q: Number(asked.q) };
    default:
      return { ...of, kind: 'count' };
  }
}

function ReleaseForm({ datasetId }: { datasetId: string }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked>({
    kind: 'count',
    column: '',
    epsilon: '0.1',
    low: '0',
    high: '100',
    q: '0.5',
    categories: '',
  });
  const release = useMutation({
    mutationFn: async () => {
      const purpose = await askPurpose(
        'A statistic of these records is given out, and paid from the budget.',
      );
      if (purpose === null) return null;
      return api.call(privacyRoutes.release, {
        params: { dataset: datasetId },
        body: { query: queryOf(asked), requestId: crypto.randomUUID() },
        purpose,
      });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['data', 'dataset', datasetId] });
    },
  });
  const text = (key: keyof Asked) => ({
    value: asked[key],
    onChange: (event: { currentTarget: { value: string } }) =>
      setAsked({ ...asked, [key]: event.currentTarget.value }),
  });
  const hasBounds = ['sum', 'mean', 'quantile'].includes(asked.kind);
  return (
    <Section title="Ask the data">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          release.mutate();
        }}
      >
        <Group gap="sm" align="end">
          <Select
            label="What"
            data={KINDS}
            allowDeselect={false}
            value={asked.kind}
            onChange={(kind) => setAsked({ ...asked, kind: kind ?? 'count' })}
          />
          {asked.kind === 'count' ? null : <TextInput label="Column" required {...text('column')} />}
          {asked.kind === 'histogram' ? (
            <TextInput
              label="Categories"
              placeholder="a, b; those there are if empty"
              {...text('categories')}
            />
          ) : null}
          {hasBounds ? (
            <>
              <TextInput label="Lowest" required {...text('low')} />
              <TextInput label="Highest" required {...text('high')} />
            </>
          ) : null}
          {asked.kind === 'quantile' ? <TextInput label="Share" required {...text('q')} /> : null}
          <TextInput label="ε" required {...text('epsilon')} />
          <Button type="submit" loading={release.isPending}>
            Release
          </Button>
        </Group>
        {hasBounds ? (
          <p className="bz-dim" style={{ marginTop: 8 }}>
            Values outside are moved to the bounds. Take bounds that you know without looking at the data.
          </p>
        ) : null}
        <FailureNote failure={release.error} />
      </form>
    </Section>
  );
}

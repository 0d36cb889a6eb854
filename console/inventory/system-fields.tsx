import {
  DATA_KINDS,
  DECISION_ROLES,
  PEOPLE_BANDS,
  PERSONAL_DATA,
  registryRoutes,
  SYSTEM_ORIGINS,
  SYSTEM_USERS,
  type System,
} from '@bartizan/contracts';
import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { endpointsQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { Section } from '../ui/page.tsx';
import { ownersQuery } from './system-queries.ts';
import { partyFrom, partyKey, type SystemFormApi } from './system-values.ts';

export const BAND_WORDS: Readonly<Record<(typeof PEOPLE_BANDS)[number], string>> = {
  none: 'Nobody',
  'under-100': 'Fewer than 100',
  'under-10k': 'Fewer than 10,000',
  'under-100k': 'Fewer than 100,000',
  'under-1m': 'Fewer than a million',
  'over-1m': 'A million or more',
};
export const HOW_WORDS: Readonly<Record<(typeof DECISION_ROLES)[number], string>> = {
  informs: 'It informs people who decide',
  recommends: 'It recommends, people decide',
  decides: 'It decides',
};
export const ORIGIN_WORDS: Readonly<Record<(typeof SYSTEM_ORIGINS)[number], string>> = {
  own: 'Our own',
  vendor: 'From a vendor',
  mixed: 'Both',
};
export const USER_WORDS: Readonly<Record<(typeof SYSTEM_USERS)[number], string>> = {
  internal: 'Our own people',
  partners: 'Partners and customers',
  public: 'The public',
};
export const PERSONAL_WORDS: Readonly<Record<(typeof PERSONAL_DATA)[number], string>> = {
  no: 'no personal data',
  yes: 'personal data',
  special: 'special categories',
  unknown: 'nobody knows',
};
const words = <T extends string>(all: readonly T[], of: Readonly<Record<T, string>>) =>
  all.map((value) => ({ value, label: of[value] }));
const under = ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[];
const firstError = (form: SystemFormApi, path: string) =>
  Object.entries(form.errors).find(([name]) => name === path || name.startsWith(`${path}.`))?.[1];

export function OwnerFields({ form, system }: { form: SystemFormApi; system: System | null }) {
  return (
    <Section title="Who answers for it">
      <div className="bz-fields">
        <div className="bz-fields-2">
          <PartyField form={form} path="owner" label="Owner" now={system?.owner ?? null} />
          <PartyField
            form={form}
            path="backupOwner"
            label="Who stands in"
            now={system?.backupOwner ?? null}
          />
          <TextInput
            label="Who is told when it misbehaves"
            description="An address, a channel, a rota."
            inputWrapperOrder={under}
            {...form.getInputProps('monitoringContact')}
          />
          <div />
          <NumberInput
            label="Days between reviews"
            min={1}
            max={1095}
            allowDecimal={false}
            {...form.getInputProps('reviewEveryDays')}
          />
          <TextInput
            type="date"
            label="Next review"
            {...form.getInputProps('nextReviewOn')}
            value={form.values.nextReviewOn ?? ''}
            onChange={(event) => form.setFieldValue('nextReviewOn', event.currentTarget.value || null)}
          />
        </div>
      </div>
    </Section>
  );
}

interface PartyProps {
  readonly form: SystemFormApi;
  readonly path: 'owner' | 'backupOwner';
  readonly label: string;
  /** Who it is now: they may be beyond what the list shows. */
  readonly now: System['owner'];
}

function PartyField({ form, path, label, now }: PartyProps) {
  const [typed, setTyped] = useState('');
  const [needle] = useDebouncedValue(typed, 250);
  const value = form.values[path];
  const choices = useQuery(ownersQuery(needle.startsWith('Somebody without') ? '' : needle));
  const known = new Map(
    (choices.data ?? []).map((one) => [
      `${one.kind}:${one.id}`,
      one.kind === 'team' ? `${one.name} (team)` : one.email ? `${one.name}, ${one.email}` : one.name,
    ]),
  );
  const current = partyKey(value);
  if (now?.id && !known.has(`${now.kind}:${now.id}`)) known.set(`${now.kind}:${now.id}`, now.name);
  if (current !== null && current !== 'named' && !known.has(current)) known.set(current, 'As chosen');
  const data = [
    ...[...known].map(([key, text]) => ({ value: key, label: text })),
    { value: 'named', label: 'Somebody without an account' },
  ];
  return (
    <div className="bz-fields">
      <Select
        label={label}
        placeholder="Nobody"
        searchable
        clearable
        data={data}
        value={current}
        onSearchChange={setTyped}
        onChange={(key) => form.setFieldValue(path, partyFrom(key))}
        error={value?.kind === 'named' ? undefined : firstError(form, path)}
        filter={({ options }) => options}
      />
      {value?.kind === 'named' ? (
        <TextInput
          label={`Name of the ${label.toLowerCase() === 'owner' ? 'owner' : 'stand-in'}`}
          description="Unowned by an account: nobody can be reached here."
          inputWrapperOrder={under}
          maxLength={200}
          value={value.name}
          onChange={(event) => form.setFieldValue(path, { kind: 'named', name: event.currentTarget.value })}
          error={firstError(form, path)}
        />
      ) : null}
    </div>
  );
}

export function DecisionFields({ form }: { form: SystemFormApi }) {
  return (
    <Section title="What it decides, and for whom">
      <div className="bz-fields">
        <div className="bz-fields-2">
          <Select
            label="What its output does"
            placeholder="Not said yet"
            clearable
            data={words(DECISION_ROLES, HOW_WORDS)}
            {...form.getInputProps('decisions.how')}
          />
          <Select
            label="People affected in a year"
            placeholder="Not said yet"
            clearable
            data={words(PEOPLE_BANDS, BAND_WORDS)}
            {...form.getInputProps('people.band')}
          />
        </div>
        <Textarea
          label="Decisions influenced"
          description="Which decisions, and who makes them."
          autosize
          minRows={2}
          {...form.getInputProps('decisions.text')}
        />
        <div className="bz-fields-2">
          <TagsInput
            label="Groups of people affected"
            placeholder="Customers, applicants, staff"
            {...form.getInputProps('people.groups')}
            error={firstError(form, 'people.groups')}
          />
          <TagsInput
            label="Of them in a weak position"
            placeholder="Children, patients, people in debt"
            {...form.getInputProps('people.vulnerable')}
            error={firstError(form, 'people.vulnerable')}
          />
        </div>
      </div>
    </Section>
  );
}

export function DataFields({ form }: { form: SystemFormApi }) {
  const sources = form.values.dataSources;
  return (
    <Section title="What goes in">
      <div className="bz-fields">
        <Textarea
          label="Inputs"
          description="What it is asked, shown or sent."
          autosize
          minRows={2}
          {...form.getInputProps('inputs')}
        />
        <div>
          <div className="bz-label">Data sources</div>
          {sources.map((_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a form have no other name
            <div className="bz-row" key={index}>
              <TextInput
                aria-label={`Name of data source ${index + 1}`}
                placeholder="Name, e.g. CRM"
                {...form.getInputProps(`dataSources.${index}.name`)}
              />
              <Select
                aria-label={`Kind of data source ${index + 1}`}
                allowDeselect={false}
                data={[...DATA_KINDS]}
                {...form.getInputProps(`dataSources.${index}.kind`)}
              />
              <Select
                aria-label={`Personal data in data source ${index + 1}`}
                allowDeselect={false}
                data={words(PERSONAL_DATA, PERSONAL_WORDS)}
                {...form.getInputProps(`dataSources.${index}.personalData`)}
              />
              <ActionIcon
                aria-label={`Remove data source ${index + 1}`}
                mt={2}
                onClick={() => form.removeListItem('dataSources', index)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </div>
          ))}
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            disabled={sources.length >= 100}
            onClick={() =>
              form.insertListItem('dataSources', { name: '', kind: 'other', personalData: 'unknown' })
            }
          >
            Add a data source
          </Button>
        </div>
      </div>
    </Section>
  );
}

export function UseFields({ form, system }: { form: SystemFormApi; system: System | null }) {
  const endpoints = useQuery({ ...endpointsQuery, enabled: useMay('endpoints.read') });
  const models = useQuery({
    queryKey: ['models', 'choices'],
    queryFn: async ({ signal }) =>
      (await api.call(registryRoutes.list, { query: { limit: 200 }, signal })).items,
    enabled: useMay('models.read'),
  });
  const gone = (links: System['models'] | undefined) =>
    (links ?? [])
      .filter((link) => link.gone)
      .map(({ id }) => ({ value: id, label: `removed (${id.slice(-6)})` }));
  const withGone = (known: { value: string; label: string }[], links: System['models'] | undefined) => {
    const ids = new Set(known.map(({ value }) => value));
    const named = (links ?? []).filter((link) => !link.gone && !ids.has(link.id));
    return [...known, ...named.map(({ id, name }) => ({ value: id, label: name })), ...gone(links)];
  };
  const hidden = system === null ? 0 : system.hidden.models + system.hidden.endpoints;
  return (
    <Section
      title="What it uses"
      description={hidden > 0 ? `${hidden} more of other teams are linked, and stay so.` : undefined}
    >
      <div className="bz-fields">
        <div className="bz-fields-2">
          <MultiSelect
            label="Models of the registry"
            searchable
            data={withGone(
              models.data?.map(({ id, name }) => ({ value: id, label: name })) ?? [],
              system?.models,
            )}
            {...form.getInputProps('modelIds')}
            error={firstError(form, 'modelIds')}
          />
          <TagsInput
            label="Other models"
            description="Of vendors, or not registered: type a name and press Enter."
            inputWrapperOrder={under}
            {...form.getInputProps('vendorModels')}
            error={firstError(form, 'vendorModels')}
          />
          <MultiSelect
            label="Endpoints"
            searchable
            data={withGone(
              endpoints.data?.map(({ id, name, slug }) => ({ value: id, label: `${name} (${slug})` })) ?? [],
              system?.endpoints,
            )}
            {...form.getInputProps('endpointIds')}
            error={firstError(form, 'endpointIds')}
          />
          <Select
            label="Whose it is"
            placeholder="Not said yet"
            clearable
            data={words(SYSTEM_ORIGINS, ORIGIN_WORDS)}
            {...form.getInputProps('origin.kind')}
          />
          <TextInput label="Vendor" {...form.getInputProps('origin.vendor')} />
          <TextInput
            label="Link to the contract"
            placeholder="https://"
            {...form.getInputProps('origin.contractUrl')}
          />
          <TextInput
            label="Link to the data processing agreement"
            placeholder="https://"
            {...form.getInputProps('origin.dpaUrl')}
          />
        </div>
      </div>
    </Section>
  );
}

export function AccessFields({ form }: { form: SystemFormApi }) {
  return (
    <Section title="Who can use it">
      <div className="bz-fields">
        <Checkbox.Group label="Users" {...form.getInputProps('access.users')}>
          <Group mt={4}>
            {SYSTEM_USERS.map((value) => (
              <Checkbox key={value} value={value} label={USER_WORDS[value]} />
            ))}
          </Group>
        </Checkbox.Group>
        <TextInput
          label="How they sign in"
          placeholder="Single sign-on, customer account, nothing"
          {...form.getInputProps('access.authentication')}
        />
      </div>
    </Section>
  );
}

export function LinkFields({ form }: { form: SystemFormApi }) {
  return (
    <Section title="Links">
      {form.values.links.map((_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a form have no other name
        <div className="bz-row" key={index}>
          <TextInput
            aria-label={`Title of link ${index + 1}`}
            placeholder="Title"
            {...form.getInputProps(`links.${index}.title`)}
          />
          <TextInput
            aria-label={`Address of link ${index + 1}`}
            placeholder="https://"
            {...form.getInputProps(`links.${index}.url`)}
          />
          <ActionIcon
            aria-label={`Remove link ${index + 1}`}
            mt={2}
            onClick={() => form.removeListItem('links', index)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        disabled={form.values.links.length >= 30}
        onClick={() => form.insertListItem('links', { title: '', url: '' })}
      >
        Add a link
      </Button>
    </Section>
  );
}

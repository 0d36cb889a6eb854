import { type InteractionSummary, Outcome, VERDICTS } from '@bartizan/contracts';
import { Button, Group, Radio, Stack, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type RefObject, useEffect, useState } from 'react';
import { checksQuery, endpointsQuery, keysQuery } from '../app/queries.ts';
import { joined, listOf } from '../app/search.ts';
import { useMay } from '../app/session.ts';
import { type Choice, ChoiceChip, FilterChip, TextChip } from '../ui/filter-chip.tsx';
import { formatExact } from '../ui/format.ts';
import { OUTCOME_MARKS, VERDICT_MARKS } from '../ui/verdict.tsx';
import { isFiltered, type ListSearch, PERIODS } from './filter.ts';

interface FiltersProps {
  readonly search: ListSearch;
  readonly onChange: (next: Partial<ListSearch>) => void;
  readonly searchField: RefObject<HTMLInputElement | null>;
  /** What the list shows: its keys can be chosen also by those who may not read the list of keys. */
  readonly seen: readonly InteractionSummary[];
}

export function Filters({ search, onChange, searchField, seen }: FiltersProps) {
  const endpoints = useQuery({ ...endpointsQuery, enabled: useMay('endpoints.read') });
  const checks = useQuery({ ...checksQuery, enabled: useMay('checks.read') });
  const keys = useQuery({ ...keysQuery, enabled: useMay('keys.read') });
  const keyChoices: Choice[] =
    keys.data?.map((key) => ({ value: key.id, label: key.name })) ??
    [...new Map(seen.flatMap((each) => (each.keyId ? [[each.keyId, each.keyName] as const] : [])))].map(
      ([value, label]) => ({ value, label }),
    );
  return (
    <search className="bz-filters">
      <TextSearch value={search.text ?? ''} onChange={(text) => onChange({ text })} field={searchField} />
      <TimeChip search={search} onChange={onChange} />
      <ChoiceChip
        name="Verdict"
        choices={VERDICTS.map((value) => ({ value, label: VERDICT_MARKS[value].word }))}
        value={listOf(search.verdict)}
        onChange={(value) => onChange({ verdict: joined(value) })}
      />
      <ChoiceChip
        name="Outcome"
        choices={Outcome.options.map((value) => ({ value, label: OUTCOME_MARKS[value].word }))}
        value={listOf(search.outcome)}
        onChange={(value) => onChange({ outcome: joined(value) })}
      />
      <ChoiceChip
        name="Check"
        choices={checks.data?.map((check) => ({ value: check.id, label: check.title })) ?? []}
        value={listOf(search.check)}
        onChange={(value) => onChange({ check: joined(value) })}
      />
      <ChoiceChip
        name="Endpoint"
        choices={endpoints.data?.map((endpoint) => ({ value: endpoint.id, label: endpoint.slug })) ?? []}
        value={listOf(search.endpoint)}
        onChange={(value) => onChange({ endpoint: joined(value) })}
      />
      <ChoiceChip
        name="Key"
        choices={keyChoices}
        value={listOf(search.key)}
        onChange={(value) => onChange({ key: joined(value) })}
      />
      <TextChip
        name="End user"
        value={search.user ?? ''}
        onChange={(user) => onChange({ user: user || undefined })}
      />
      {isFiltered(search) ? (
        <Button
          variant="subtle"
          color="gray"
          onClick={() =>
            onChange({
              last: undefined,
              from: undefined,
              to: undefined,
              endpoint: undefined,
              key: undefined,
              user: undefined,
              verdict: undefined,
              outcome: undefined,
              check: undefined,
              text: undefined,
            })
          }
        >
          Clear all
        </Button>
      ) : null}
    </search>
  );
}

const TYPING_MS = 300;

function TextSearch({
  value,
  onChange,
  field,
}: {
  value: string;
  onChange: (text: string | undefined) => void;
  field: RefObject<HTMLInputElement | null>;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed.trim() || undefined), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <TextInput
      ref={field}
      size="xs"
      w={240}
      type="search"
      aria-label="Search in text"
      placeholder="Words in the text"
      maxLength={200}
      leftSection={<IconSearch size={14} />}
      rightSection={typed === '' ? <kbd className="bz-kbd">/</kbd> : undefined}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

/** `2026-03-01T12:30` in the viewer's zone ↔ milliseconds. */
const toLocal = (at: string | undefined): string => {
  if (!at) return '';
  const date = new Date(Number(at));
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
const fromLocal = (text: string): string | undefined => {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? undefined : String(at);
};

function TimeChip({ search, onChange }: Pick<FiltersProps, 'search' | 'onChange'>) {
  const period = PERIODS.find((each) => each.value === search.last)?.label;
  const range =
    search.from || search.to
      ? `${search.from ? formatExact(Number(search.from)) : 'start'} to ${search.to ? formatExact(Number(search.to)) : 'now'}`
      : null;
  return (
    <FilterChip
      name="Time"
      chosen={range ?? period ?? null}
      onClear={() => onChange({ last: undefined, from: undefined, to: undefined })}
    >
      {(close) => (
        <Stack gap="sm" w={300} p={4}>
          <Radio.Group
            aria-label="Period"
            value={range ? '' : (search.last ?? '')}
            onChange={(last) => {
              onChange({ last, from: undefined, to: undefined });
              close();
            }}
          >
            <Stack gap={6}>
              {PERIODS.map((each) => (
                <Radio key={each.value} size="xs" value={each.value} label={each.label} />
              ))}
            </Stack>
          </Radio.Group>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const data = new FormData(event.currentTarget);
              onChange({
                last: undefined,
                from: fromLocal(String(data.get('from'))),
                to: fromLocal(String(data.get('to'))),
              });
              close();
            }}
          >
            <Stack gap={6}>
              <TextInput
                size="xs"
                type="datetime-local"
                name="from"
                label="From"
                defaultValue={toLocal(search.from)}
              />
              <TextInput
                size="xs"
                type="datetime-local"
                name="to"
                label="To"
                defaultValue={toLocal(search.to)}
              />
              <Group justify="flex-end">
                <Button type="submit" size="compact-xs">
                  Apply
                </Button>
              </Group>
            </Stack>
          </form>
        </Stack>
      )}
    </FilterChip>
  );
}

import { SEVERITIES, SINK_KINDS } from '@bartizan/contracts';
import { Checkbox, Group, MultiSelect, NumberInput, Select } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { endpointsQuery } from '../../app/queries.ts';
import type { SinkValues } from './sink-values.ts';

const KINDS = {
  interactions: 'Interactions',
  findings: 'Findings',
  audit: 'Audit entries',
  alarms: 'Alarms',
} as const;

/** Which events go. */
export function SinkFilterFields({ form }: { form: UseFormReturnType<SinkValues> }) {
  const endpoints = useQuery(endpointsQuery);
  return (
    <>
      <Checkbox.Group label="Carries" {...form.getInputProps('filter.kinds')}>
        <Group gap="md" mt={6}>
          {SINK_KINDS.map((kind) => (
            <Checkbox key={kind} size="xs" value={kind} label={KINDS[kind]} />
          ))}
        </Group>
      </Checkbox.Group>
      <Group grow align="start">
        <Select
          label="Interactions and findings from"
          allowDeselect={false}
          data={[
            { value: 'allow', label: 'Allow: all of them' },
            { value: 'flag', label: 'Flag' },
            { value: 'redact', label: 'Redact' },
            { value: 'block', label: 'Block' },
          ]}
          {...form.getInputProps('filter.minimumVerdict')}
        />
        <Select
          label="Severity from"
          allowDeselect={false}
          data={[...SEVERITIES]}
          {...form.getInputProps('filter.minimumSeverity')}
        />
      </Group>
      <MultiSelect
        label="Only of these endpoints"
        placeholder={form.values.filter.endpoints.length === 0 ? 'All' : ''}
        data={(endpoints.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        {...form.getInputProps('filter.endpoints')}
      />
      <NumberInput
        label="Raise an alarm when behind by"
        suffix=" seconds"
        min={60}
        max={2_592_000}
        {...form.getInputProps('alarmAfterSeconds')}
      />
      <Checkbox
        size="xs"
        label="Include the first words of prompts"
        description="With findings masked. Off, no event carries a word of any prompt."
        {...form.getInputProps('includeExcerpts', { type: 'checkbox' })}
      />
    </>
  );
}

import { NumberInput, Radio, Stack } from '@mantine/core';
import { formatBytes } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { RETENTION_TITLES } from '../ui/segments.ts';
import type { EndpointFormApi } from './endpoint-values.ts';

interface FieldsProps {
  readonly form: EndpointFormApi;
  readonly disabled: boolean;
}

/** What of each interaction is kept, and how long. */
export function RetentionFields({ form, disabled }: FieldsProps) {
  return (
    <Section title="What is kept" description="Kept text is encrypted. A change applies to new interactions.">
      <div className="bz-fields-2">
        <Radio.Group label="Text of interactions" {...form.getInputProps('retention.content')}>
          <Stack gap={8} mt={6}>
            <Radio
              size="xs"
              disabled={disabled}
              value="full"
              label={RETENTION_TITLES.full}
              description="With the raw request and answer. For debugging; holds whatever people type."
            />
            <Radio
              size="xs"
              disabled={disabled}
              value="redacted"
              label={RETENTION_TITLES.redacted}
              description="Secrets and personal data that guards find are not kept."
            />
            <Radio
              size="xs"
              disabled={disabled}
              value="hash"
              label={RETENTION_TITLES.hash}
              description="No text at all. Search by text and dry runs find nothing then."
            />
          </Stack>
        </Radio.Group>
        <NumberInput
          label="Days until it is deleted"
          min={1}
          max={3650}
          allowDecimal={false}
          disabled={disabled}
          {...form.getInputProps('retention.days')}
        />
      </div>
    </Section>
  );
}

/** Retries and sizes. */
export function ReliabilityFields({ form, disabled }: FieldsProps) {
  const number = (path: string, label: string, description?: string) => (
    <NumberInput
      label={label}
      description={description}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      allowDecimal={false}
      thousandSeparator=","
      disabled={disabled}
      {...form.getInputProps(path)}
    />
  );
  return (
    <Section
      title="Retries and size"
      description="Failed attempts go to the same upstream or the next. Retry-After is respected."
    >
      <div className="bz-fields-2">
        {number('retry.maxAttempts', 'Attempts in total', 'Over all upstreams, 1 to 10')}
        {number('maxRequestBytes', 'Largest request, bytes', formatBytes(form.values.maxRequestBytes))}
        {number('retry.baseDelayMs', 'First delay, ms', 'Doubles with each attempt, with jitter')}
        {number('retry.maxDelayMs', 'Longest delay, ms')}
      </div>
    </Section>
  );
}

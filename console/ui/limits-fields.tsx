import type { Limits } from '@bartizan/contracts';
import { NumberInput, SimpleGrid } from '@mantine/core';

const FIELDS: readonly (readonly [keyof Limits, string])[] = [
  ['requestsPerMinute', 'Requests a minute'],
  ['tokensPerMinute', 'Tokens a minute'],
  ['tokensPerDay', 'Tokens a day'],
  ['concurrent', 'At once'],
];

interface LimitsFieldsProps {
  readonly value: Limits;
  readonly onChange: (value: Limits) => void;
  readonly disabled?: boolean;
  readonly errors?: Readonly<Partial<Record<keyof Limits, React.ReactNode>>>;
}

/** Limits; an empty field is unlimited. */
export function LimitsFields({ value, onChange, disabled = false, errors = {} }: LimitsFieldsProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 4 }} spacing="sm">
      {FIELDS.map(([name, label]) => (
        <NumberInput
          key={name}
          label={label}
          placeholder="Unlimited"
          min={1}
          allowDecimal={false}
          hideControls
          allowNegative={false}
          thousandSeparator=","
          disabled={disabled}
          error={errors[name]}
          value={value[name] ?? ''}
          onChange={(next) =>
            onChange({ ...value, [name]: typeof next === 'number' && next > 0 ? next : null })
          }
        />
      ))}
    </SimpleGrid>
  );
}

/** "60 requests a minute, 1,000,000 tokens a day", or "unlimited". */
export function limitsInWords(limits: Limits): string {
  const parts = FIELDS.flatMap(([name, label]) => {
    const value = limits[name];
    return value === null ? [] : [`${value.toLocaleString('en')} ${label.toLowerCase()}`];
  });
  return parts.length === 0 ? 'unlimited' : parts.join(', ');
}

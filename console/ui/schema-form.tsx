import {
  JsonInput,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useState } from 'react';

type Schema = Readonly<Record<string, unknown>>;
type Values = Record<string, unknown>;

interface SchemaFormProps {
  /** JSON Schema of an object, as checks publish it. */
  readonly schema: Schema;
  readonly value: Values;
  readonly onChange: (value: Values) => void;
  readonly disabled?: boolean;
  /** Errors by property name. */
  readonly errors?: Readonly<Record<string, string>>;
}

/** A form drawn from a JSON Schema: one field for each property, its description beside it. */
export function SchemaForm({ schema, value, onChange, disabled = false, errors = {} }: SchemaFormProps) {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  if (properties.length === 0) return <p className="bz-dim">This check has nothing to configure.</p>;
  return (
    <Stack gap="sm">
      {properties.map(([name, property]) => (
        <SchemaField
          key={name}
          name={name}
          schema={property}
          value={value[name] ?? property.default}
          error={errors[name]}
          disabled={disabled}
          onChange={(next) => {
            const { [name]: _, ...rest } = value;
            onChange(next === undefined ? rest : { ...rest, [name]: next });
          }}
        />
      ))}
    </Stack>
  );
}

/** `maxItems` → "Max items". */
export function humanName(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]/g, ' ')
    .toLowerCase()
    .replace(
      /\b(?:url|api|json|id|ip|iban|html)(s?)\b/g,
      (word) => word.replace(/s$/, '').toUpperCase() + (word.endsWith('s') ? 's' : ''),
    );
  return words.charAt(0).toUpperCase() + words.slice(1);
}

interface FieldProps {
  readonly name: string;
  readonly schema: Schema;
  readonly value: unknown;
  readonly error?: string;
  readonly disabled: boolean;
  readonly onChange: (value: unknown) => void;
}

function SchemaField({ name, schema, value, error, disabled, onChange }: FieldProps) {
  const common = {
    label: typeof schema.title === 'string' ? schema.title : humanName(name),
    description: typeof schema.description === 'string' ? schema.description : undefined,
    error,
    disabled,
  };
  const choices = Array.isArray(schema.enum) ? schema.enum.map(String) : null;
  if (choices) {
    return (
      <Select
        {...common}
        data={choices}
        value={String(value ?? '')}
        onChange={(next) => onChange(next ?? undefined)}
      />
    );
  }
  switch (schema.type) {
    case 'boolean':
      return (
        <Switch
          {...common}
          size="xs"
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'integer':
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          min={numeric(schema.minimum)}
          max={numeric(schema.maximum)}
          step={schema.type === 'integer' ? 1 : 0.05}
          allowDecimal={schema.type === 'number'}
          onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
        />
      );
    case 'string':
      return <StringField common={common} schema={schema} value={value} onChange={onChange} />;
    case 'array':
      return <ListField common={common} schema={schema} value={value} onChange={onChange} />;
    default:
      return <JsonField common={common} value={value} onChange={onChange} />;
  }
}

interface Common {
  readonly label: string;
  readonly description: string | undefined;
  readonly error: string | undefined;
  readonly disabled: boolean;
}
interface KindProps {
  readonly common: Common;
  readonly schema: Schema;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

function StringField({ common, schema, value, onChange }: KindProps) {
  const text = typeof value === 'string' ? value : '';
  const change = (event: { currentTarget: { value: string } }) =>
    onChange(event.currentTarget.value || undefined);
  const long = typeof schema.maxLength !== 'number' || schema.maxLength > 300;
  return long ? (
    <Textarea {...common} autosize minRows={1} maxRows={8} value={text} onChange={change} />
  ) : (
    <TextInput {...common} value={text} onChange={change} />
  );
}

function ListField({ common, schema, value, onChange }: KindProps) {
  const items = (schema.items ?? {}) as Schema;
  const list = Array.isArray(value) ? value.map(String) : [];
  if (Array.isArray(items.enum)) {
    return (
      <MultiSelect
        {...common}
        searchable
        clearable
        data={items.enum.map(String)}
        value={list}
        onChange={onChange}
      />
    );
  }
  if (items.type === 'string') {
    return (
      <TagsInput
        {...common}
        placeholder={list.length === 0 ? 'Type and press Enter' : undefined}
        splitChars={['\n']}
        value={list}
        onChange={onChange}
      />
    );
  }
  return <JsonField common={common} value={value} onChange={onChange} />;
}

/** Any shape that has no field of its own is edited as JSON; text that is not JSON yet is kept as typed. */
function JsonField({ common, value, onChange }: Omit<KindProps, 'schema'>) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [broken, setBroken] = useState(false);
  return (
    <JsonInput
      {...common}
      error={broken ? 'This is not JSON yet' : common.error}
      autosize
      minRows={2}
      maxRows={12}
      value={text}
      onChange={(next) => {
        setText(next);
        try {
          onChange(next.trim() === '' ? undefined : JSON.parse(next));
          setBroken(false);
        } catch {
          setBroken(true);
        }
      }}
    />
  );
}

const numeric = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

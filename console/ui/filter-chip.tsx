import { Checkbox, Popover, ScrollArea, Stack, TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconX } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

interface ShellProps {
  readonly name: string;
  /** What is chosen, in words; null when the filter is off. */
  readonly chosen: string | null;
  readonly onClear: () => void;
  readonly children: (close: () => void) => ReactNode;
}

/** One filter as a chip: shows what is chosen, opens to change it, and can be cleared. */
export function FilterChip({ name, chosen, onClear, children }: ShellProps) {
  const [opened, setOpened] = useState(false);
  return (
    <span className="bz-chip" data-active={chosen !== null}>
      <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus>
        <Popover.Target>
          <UnstyledButton className="bz-chip-button" onClick={() => setOpened((value) => !value)}>
            {name}
            {chosen === null ? null : <b>{chosen}</b>}
            <IconChevronDown size={12} aria-hidden />
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown p="xs">{children(() => setOpened(false))}</Popover.Dropdown>
      </Popover>
      {chosen === null ? null : (
        <UnstyledButton className="bz-chip-clear" aria-label={`Clear filter ${name}`} onClick={onClear}>
          <IconX size={12} />
        </UnstyledButton>
      )}
    </span>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

interface ChoiceProps {
  readonly name: string;
  readonly choices: readonly Choice[];
  readonly value: readonly string[];
  readonly onChange: (value: string[]) => void;
}

/** A chip with several choices; none chosen means no filter. */
export function ChoiceChip({ name, choices, value, onChange }: ChoiceProps) {
  const [needle, setNeedle] = useState('');
  const label = (id: string) => choices.find((choice) => choice.value === id)?.label ?? id;
  const chosen =
    value.length === 0 ? null : value.length <= 2 ? value.map(label).join(', ') : `${value.length} chosen`;
  const shown = choices.filter((choice) => choice.label.toLowerCase().includes(needle.toLowerCase()));
  return (
    <FilterChip name={name} chosen={chosen} onClear={() => onChange([])}>
      {() => (
        <Stack gap="xs" w={240}>
          {choices.length > 8 ? (
            <TextInput
              size="xs"
              placeholder="Find"
              aria-label={`Find in ${name}`}
              value={needle}
              onChange={(event) => setNeedle(event.currentTarget.value)}
            />
          ) : null}
          <ScrollArea.Autosize mah={280}>
            <Checkbox.Group value={[...value]} onChange={onChange}>
              <Stack gap={6} p={2}>
                {shown.map((choice) => (
                  <Checkbox key={choice.value} size="xs" value={choice.value} label={choice.label} />
                ))}
                {shown.length === 0 ? <span className="bz-dim">Nothing to choose</span> : null}
              </Stack>
            </Checkbox.Group>
          </ScrollArea.Autosize>
        </Stack>
      )}
    </FilterChip>
  );
}

/** A chip with a free text, applied with Enter. */
export function TextChip({
  name,
  value,
  onChange,
}: {
  name: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <FilterChip name={name} chosen={value === '' ? null : value} onClear={() => onChange('')}>
      {(close) => (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onChange(String(new FormData(event.currentTarget).get('value') ?? '').trim());
            close();
          }}
        >
          <TextInput
            size="xs"
            w={240}
            name="value"
            defaultValue={value}
            aria-label={name}
            data-autofocus
            placeholder="Exact value, then Enter"
          />
        </form>
      )}
    </FilterChip>
  );
}

import type { PolicyDocument } from '@bartizan/contracts';
import { SegmentedControl } from '@mantine/core';
import { IconEye, IconShieldCheck } from '@tabler/icons-react';

type Mode = PolicyDocument['mode'];

export function ModeBadge({ mode }: { mode: Mode }) {
  return mode === 'enforce' ? (
    <span className="bz-verdict" data-tone="allow" title="What the rules say happens">
      <IconShieldCheck size={14} aria-hidden />
      Enforce
    </span>
  ) : (
    <span
      className="bz-verdict"
      data-tone="flag"
      title="What the rules say is recorded, and everything passes"
    >
      <IconEye size={14} aria-hidden />
      Shadow
    </span>
  );
}

export function ModeChoice({
  mode,
  onChange,
  disabled,
}: {
  mode: Mode;
  onChange: (mode: Mode) => void;
  disabled: boolean;
}) {
  return (
    <div className="bz-actions">
      <SegmentedControl
        size="xs"
        aria-label="Mode"
        disabled={disabled}
        value={mode}
        onChange={(value) => onChange(value as Mode)}
        data={[
          { value: 'enforce', label: 'Enforce' },
          { value: 'shadow', label: 'Shadow' },
        ]}
      />
      <span className="bz-dim">
        {mode === 'enforce'
          ? 'What the rules say happens.'
          : 'Records what would have happened and lets everything pass.'}
      </span>
    </div>
  );
}

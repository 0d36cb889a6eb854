import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/** A button that copies `value`; it says so for two seconds. */
export function CopyButton({ value, label }: { value: string; label: string }) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <Tooltip label={clipboard.copied ? 'Copied' : label}>
      <ActionIcon size="sm" aria-label={label} onClick={() => clipboard.copy(value)}>
        {clipboard.copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** An id in monospace that is copied when pressed. `short` shows only its last characters. */
export function CopyableId({ value, short = false }: { value: string; short?: boolean }) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <Tooltip label={clipboard.copied ? 'Copied' : short ? `Copy ${value}` : 'Copy'}>
      <UnstyledButton
        className="bz-id"
        onClick={() => clipboard.copy(value)}
        aria-label={short ? `Copy ${value.slice(-8)}, the end of ${value}` : `Copy ${value}`}
      >
        {short ? <span aria-hidden>…</span> : null}
        {short ? value.slice(-8) : value}
        {clipboard.copied ? <IconCheck size={12} aria-hidden /> : <IconCopy size={12} aria-hidden />}
      </UnstyledButton>
    </Tooltip>
  );
}

/** Code to copy. It scrolls sideways rather than wrap, and can be reached with the keyboard. */
export function CodeBlock({ code, label, wrap = false }: { code: string; label: string; wrap?: boolean }) {
  return (
    <div className="bz-code" data-wrap={wrap}>
      <pre tabIndex={0} aria-label={label}>
        <code>{code}</code>
      </pre>
      <div className="bz-code-copy">
        <CopyButton value={code} label={`Copy ${label}`} />
      </div>
    </div>
  );
}

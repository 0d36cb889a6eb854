import { Button, Group, Modal, Stack } from '@mantine/core';
import { CodeBlock } from '../ui/copy.tsx';

interface RecoveryCodesProps {
  /** Null while there are none to show. */
  readonly codes: readonly string[] | null;
  readonly onClose: () => void;
}

/** Shows recovery codes, once; only its button closes it. */
export function RecoveryCodes({ codes, onClose }: RecoveryCodesProps) {
  const text = codes?.join('\n') ?? '';
  return (
    <Modal
      opened={codes !== null}
      onClose={onClose}
      title="Your recovery codes"
      size="sm"
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack gap="md">
        <p>
          Keep them where you find them without your phone. Each signs you in once. They are not shown again.
        </p>
        <CodeBlock label="Recovery codes" code={text} />
        <Group justify="space-between">
          <Button
            variant="default"
            component="a"
            download="bartizan-recovery-codes.txt"
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}
          >
            Download
          </Button>
          <Button onClick={onClose}>I have kept them</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

import { Button, Group, Modal } from '@mantine/core';
import { CodeBlock } from './copy.tsx';

/** Something that is shown once: a link or a password, and for whom. */
export interface OneTime {
  readonly title: string;
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

/** Shows a secret that nobody sees again; only its button closes it. */
export function OneTimeDialog({ shown, onClose }: { shown: OneTime | null; onClose: () => void }) {
  return (
    <Modal
      opened={shown !== null}
      onClose={onClose}
      title={shown?.title}
      size="lg"
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <div className="bz-secret">
        <p>{shown?.note}</p>
        <CodeBlock wrap label={shown?.label ?? ''} code={shown?.value ?? ''} />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </div>
    </Modal>
  );
}

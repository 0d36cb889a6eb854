import {
  ATTACK_KINDS,
  type AttackKind,
  type CorrectionInput,
  correctionRoutes,
  HARMLESS_KINDS,
  type HarmlessKind,
  type SegmentKind,
  TRIED_TEXT_DAYS,
} from '@bartizan/contracts';
import { Button, Modal, SegmentedControl, Select, Stack, Textarea } from '@mantine/core';
import { IconPencilCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { toast } from '../ui/toast.ts';

/** The text that is corrected: of a stored interaction, or one that was tried. */
export type Corrected =
  | {
      readonly of: 'interaction';
      readonly interactionId: string;
      readonly segment: number;
      readonly text: string | null;
    }
  | {
      readonly of: 'text';
      readonly text: string;
      readonly origin: 'user' | 'third_party';
      readonly segmentKind: SegmentKind;
    };

const ATTACK_WORDS: Record<AttackKind, string> = {
  direct: 'Override or new orders',
  buried: 'Orders hidden in a document or tool result',
  extraction: 'Wants instructions, secrets or others’ data',
  jailbreak: 'Role play or trick to escape the rules',
  obfuscated: 'Encoded or disguised',
};
const HARMLESS_WORDS: Record<HarmlessKind, string> = {
  chat: 'Conversation or question',
  instruction: 'Ordinary instruction',
  roleplay: 'Harmless role play',
  trigger: 'Holds words that attacks use',
  mention: 'Speaks of an attack or quotes one',
  security: 'Talk about security',
  document: 'Document',
  tool_output: 'Tool result',
  code: 'Code',
};
const choices = <Kind extends string>(kinds: readonly Kind[], words: Record<Kind, string>) =>
  kinds.map((value) => ({ value, label: words[value] }));

/** The button that opens the dialog; absent for those who may not correct. */
export function CorrectButton({ target }: { target: Corrected }) {
  const [opened, setOpened] = useState(false);
  const mayCorrect = useMay('detector.correct');
  const mayContent = useMay('interactions.content');
  if (!mayCorrect || !mayContent) return null;
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<IconPencilCheck size={14} />}
        onClick={() => setOpened(true)}
      >
        Correct
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="What is this text really?"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <CorrectForm target={target} onClose={() => setOpened(false)} />
      </Modal>
    </>
  );
}

function CorrectForm({ target, onClose }: { target: Corrected; onClose: () => void }) {
  const client = useQueryClient();
  const [label, setLabel] = useState<'attack' | 'harmless'>('attack');
  const [kind, setKind] = useState<string | null>(null);
  const [passage, setPassage] = useState('');
  const [note, setNote] = useState('');
  const text = target.text ?? '';
  const start = passage === '' ? -1 : text.indexOf(passage);
  const isStray = label === 'attack' && passage !== '' && start < 0;
  const save = useMutation({
    mutationFn: () => {
      const span = label === 'attack' && start >= 0 ? { span: { start, end: start + passage.length } } : {};
      const of =
        target.of === 'interaction'
          ? { of: target.of, interactionId: target.interactionId, segment: target.segment }
          : target;
      // The kinds offered are those of the label.
      const body = { ...of, label, kind, note: note.trim(), ...span } as CorrectionInput;
      return api.call(correctionRoutes.correct, { body });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['detector', 'corrections'] });
      toast('Recorded. It goes into the next dataset of corrections.');
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (kind !== null && !isStray) save.mutate();
      }}
    >
      <Stack gap="sm">
        <p className="bz-dim">
          Of the check “Prompt injection and jailbreak”. Your correction, with the text, trains the next
          model.{' '}
          {target.of === 'interaction'
            ? 'The text is forgotten with its interaction.'
            : `The text is kept, sealed, for ${TRIED_TEXT_DAYS} days.`}{' '}
          Withdraw the correction to have it forgotten sooner, in datasets too.
        </p>
        <SegmentedControl
          aria-label="It is really"
          data={[
            { value: 'attack', label: 'An attack' },
            { value: 'harmless', label: 'Harmless' },
          ]}
          value={label}
          onChange={(value) => {
            setLabel(value as 'attack' | 'harmless');
            setKind(null);
          }}
        />
        <Select
          label="What kind"
          placeholder="Choose the nearest"
          required
          data={
            label === 'attack' ? choices(ATTACK_KINDS, ATTACK_WORDS) : choices(HARMLESS_KINDS, HARMLESS_WORDS)
          }
          value={kind}
          onChange={setKind}
        />
        {label === 'attack' && text !== '' ? (
          <Textarea
            label="The passage that attacks"
            description="Copied from the text, where it is only a part of it."
            autosize
            maxRows={5}
            error={isStray ? 'This passage does not stand in the text.' : null}
            value={passage}
            onChange={(event) => setPassage(event.currentTarget.value)}
          />
        ) : null}
        <Textarea
          label="Note"
          autosize
          maxRows={4}
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <FormFoot
          failure={save.error}
          verb="Record"
          busy={save.isPending}
          disabled={kind === null || isStray}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}

import type { RegistryTags, TagChange } from '@bartizan/contracts';
import { ActionIcon, Button, Group, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { FailureNote } from '../ui/failure-note.tsx';
import { Section } from '../ui/page.tsx';

interface TagsProps {
  readonly tags: RegistryTags;
  readonly mayWrite: boolean;
  readonly save: (change: TagChange) => Promise<unknown>;
  /** Beginning of the keys of queries that show the tags. */
  readonly invalidates: readonly string[];
}

/** Tags as keys and values, each changed by itself: what others set meanwhile stays. */
export function TagsEditor({ tags, mayWrite, save, invalidates }: TagsProps) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: save,
    onSuccess: () => client.invalidateQueries({ queryKey: [...invalidates] }),
  });
  const entries = Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return (
    <Section title="Tags">
      {entries.length === 0 ? <p className="bz-dim">It has none.</p> : null}
      {entries.length > 0 ? (
        <dl className="bz-facts">
          {entries.map(([key, value]) => (
            <div key={key}>
              <dt className="bz-wrap">{key}</dt>
              <dd>
                <Group gap="xs" wrap="nowrap" justify="space-between" align="start">
                  <span className="bz-wrap">{value}</span>
                  {mayWrite ? (
                    <ActionIcon
                      size="sm"
                      aria-label={`Remove the tag ${key}`}
                      onClick={() => change.mutate({ remove: [key] })}
                    >
                      <IconTrash size={14} />
                    </ActionIcon>
                  ) : null}
                </Group>
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      {mayWrite ? <NewTag onAdd={(key, value) => change.mutateAsync({ set: { [key]: value } })} /> : null}
      <FailureNote failure={change.error} />
    </Section>
  );
}

function NewTag({ onAdd }: { onAdd: (key: string, value: string) => Promise<unknown> }) {
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const add = async () => {
    // What went wrong is shown beside the tags.
    const added = await onAdd(key.trim(), value).then(Boolean, () => false);
    if (!added) return;
    setKey('');
    setValue('');
  };
  return (
    <form
      style={{ marginTop: 12 }}
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Group gap="xs" wrap="nowrap">
        <TextInput
          size="xs"
          aria-label="Key of a new tag"
          placeholder="key"
          maxLength={250}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          style={{ flex: 1 }}
          aria-label="Value of a new tag"
          placeholder="value"
          maxLength={8_000}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <Button size="xs" variant="default" type="submit" disabled={key.trim() === ''}>
          Add
        </Button>
      </Group>
    </form>
  );
}

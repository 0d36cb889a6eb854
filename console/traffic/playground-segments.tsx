import { AUTHORS, SEGMENT_KINDS } from '@bartizan/contracts';
import { ActionIcon, Button, Menu, ScrollArea, Select, Textarea } from '@mantine/core';
import { IconChevronDown, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { checksQuery } from '../app/queries.ts';
import { AUTHOR_MEANINGS, AUTHOR_TITLES, KIND_TITLES } from '../ui/segments.ts';
import { nextId, type PlaySegment } from './playground-state.ts';

interface EditorProps {
  readonly segments: readonly PlaySegment[];
  readonly direction: 'input' | 'output';
  readonly onChange: (segments: PlaySegment[]) => void;
}

const MOST = 50;

/** The text to judge, in parts with an author each. */
export function SegmentsEditor({ segments, direction, onChange }: EditorProps) {
  const change = (id: number, next: Partial<PlaySegment>) =>
    onChange(segments.map((segment) => (segment.id === id ? { ...segment, ...next } : segment)));
  return (
    <div>
      {segments.map((segment, index) => (
        <div key={segment.id} className="bz-play-segment">
          <header>
            <Select
              size="xs"
              w={124}
              aria-label={`Author of part ${index + 1}`}
              title={AUTHOR_MEANINGS[segment.author]}
              data={AUTHORS.map((value) => ({ value, label: AUTHOR_TITLES[value] }))}
              value={segment.author}
              onChange={(author) => change(segment.id, { author: author as PlaySegment['author'] })}
            />
            <Select
              size="xs"
              w={144}
              aria-label={`Kind of part ${index + 1}`}
              data={SEGMENT_KINDS.map((value) => ({ value, label: KIND_TITLES[value] }))}
              value={segment.kind}
              onChange={(kind) => change(segment.id, { kind: kind as PlaySegment['kind'] })}
            />
            <span style={{ flex: 1 }} />
            {segments.length > 1 ? (
              <ActionIcon
                aria-label={`Remove part ${index + 1}`}
                onClick={() => onChange(segments.filter((each) => each.id !== segment.id))}
              >
                <IconTrash size={14} />
              </ActionIcon>
            ) : null}
          </header>
          <Textarea
            aria-label={`Text of part ${index + 1}`}
            placeholder={index === 0 ? 'What somebody writes or pastes' : undefined}
            autosize
            minRows={segments.length === 1 ? 7 : 3}
            maxRows={18}
            maxLength={200_000}
            autoFocus={index === 0}
            value={segment.text}
            onChange={(event) => change(segment.id, { text: event.currentTarget.value })}
          />
        </div>
      ))}
      <div className="bz-actions">
        <Button
          variant="subtle"
          leftSection={<IconPlus size={14} />}
          disabled={segments.length >= MOST}
          onClick={() =>
            onChange([
              ...segments,
              {
                id: nextId(segments),
                author: direction === 'output' ? 'assistant' : 'user',
                kind: 'message',
                text: '',
              },
            ])
          }
        >
          Add a part
        </Button>
        <Samples
          onPick={(text) =>
            onChange([
              {
                id: nextId(segments),
                author: direction === 'output' ? 'assistant' : 'user',
                kind: 'message',
                text,
              },
            ])
          }
        />
      </div>
    </div>
  );
}

/** The cases that every check carries with it. */
function Samples({ onPick }: { onPick: (text: string) => void }) {
  const checks = useQuery(checksQuery);
  const withSamples = checks.data?.filter((check) => check.samples.length > 0) ?? [];
  if (withSamples.length === 0) return null;
  return (
    <Menu position="bottom-start" width={360}>
      <Menu.Target>
        <Button variant="subtle" color="gray" rightSection={<IconChevronDown size={14} />}>
          Load a sample
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <ScrollArea.Autosize mah={360}>
          {withSamples.map((check) => (
            <div key={check.id}>
              <Menu.Label>{check.title}</Menu.Label>
              {check.samples.map((sample) => (
                <Menu.Item key={sample.title} onClick={() => onPick(sample.text)}>
                  {sample.title}
                  <span className="bz-dim">{sample.found ? '' : ', harmless'}</span>
                </Menu.Item>
              ))}
            </div>
          ))}
        </ScrollArea.Autosize>
      </Menu.Dropdown>
    </Menu>
  );
}

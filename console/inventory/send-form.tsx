import { Button, Group, Progress } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';
import { FailureNote } from '../ui/failure-note.tsx';
import { formatBytes, formatNoun } from '../ui/format.ts';
import { useNow } from '../ui/time.tsx';
import type { Chosen, UploadProgress } from './upload.ts';
import { Picker } from './upload-picker.tsx';
import './models.css';

/** One attempt at sending what a person chose. */
export interface SendJob {
  readonly chosen: readonly Chosen[];
  /** Id of what an earlier attempt with these very files had begun; null begins anew. */
  readonly resume: string | null;
  readonly signal: AbortSignal;
  readonly onBegun: (id: string) => void;
  readonly onProgress: (progress: UploadProgress) => void;
}

interface SendFormProps<Result> {
  readonly begin: string;
  readonly goOn: string;
  /** Asked before the page is left while files are sent. */
  readonly leaving: string;
  /** Whether the fields are filled in. */
  readonly isReady: boolean;
  readonly send: (job: SendJob) => Promise<Result>;
  /** Removes what arrived of an attempt that is not wanted any more. */
  readonly discard: (id: string) => Promise<unknown>;
  readonly onChoose?: (chosen: readonly Chosen[]) => void;
  readonly onDone: (result: Result) => Promise<void> | void;
  /** The sections, around the picker of files. */
  readonly children: (picker: ReactNode, hasFiles: boolean) => ReactNode;
}

const isStopped = (failure: unknown): boolean =>
  failure instanceof DOMException && failure.name === 'AbortError';

/** Sends files as a new version, with progress; can be stopped, and goes on where it was. */
export function SendForm<Result>(props: SendFormProps<Result>) {
  const { begin, goOn, leaving, isReady, send, discard, onChoose, onDone, children } = props;
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const [progress, setProgress] = useState<UploadProgress | null>(null);
  const [startedAt, setStartedAt] = useState(0);
  const begun = useRef<string | null>(null);
  const stop = useRef<AbortController | null>(null);
  const sending = useMutation({
    mutationFn: () => {
      stop.current = new AbortController();
      setStartedAt(Date.now());
      return send({
        chosen,
        resume: begun.current,
        signal: stop.current.signal,
        onBegun: (id) => {
          begun.current = id;
        },
        onProgress: setProgress,
      });
    },
    onSuccess: async (result) => {
      begun.current = null;
      await onDone(result);
    },
  });
  const choose = (next: readonly Chosen[]) => {
    const id = begun.current;
    begun.current = null;
    setProgress(null);
    sending.reset();
    if (id !== null) void discard(id).catch(() => undefined);
    setChosen(next);
    onChoose?.(next);
  };
  useBlocker({
    shouldBlockFn: () => !globalThis.confirm(leaving),
    enableBeforeUnload: () => sending.isPending,
    disabled: !sending.isPending,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        sending.mutate();
      }}
    >
      <fieldset disabled={sending.isPending} style={{ border: 0, padding: 0, margin: 0 }}>
        {children(<Picker chosen={chosen} onChange={choose} />, chosen.length > 0)}
      </fieldset>
      {progress === null ? null : (
        <Bar progress={progress} startedAt={startedAt} isOver={!sending.isPending} />
      )}
      {isStopped(sending.error) ? (
        <p className="bz-dim">Stopped. What arrived is kept: go on, or choose other files to begin anew.</p>
      ) : (
        <FailureNote failure={sending.error} />
      )}
      <Group justify="flex-end" gap="xs" mt="md">
        {sending.isPending ? (
          <Button variant="default" onClick={() => stop.current?.abort()}>
            Stop
          </Button>
        ) : null}
        <Button type="submit" loading={sending.isPending} disabled={chosen.length === 0 || !isReady}>
          {begun.current === null ? begin : goOn}
        </Button>
      </Group>
    </form>
  );
}

function Bar({
  progress,
  startedAt,
  isOver,
}: {
  progress: UploadProgress;
  startedAt: number;
  isOver: boolean;
}) {
  const now = useNow();
  const { sentBytes, totalBytes, file } = progress;
  const seconds = Math.max(1, (now - startedAt) / 1000);
  const rate = sentBytes / seconds;
  const left = rate > 0 ? Math.ceil((totalBytes - sentBytes) / rate) : null;
  const percent = totalBytes === 0 ? 100 : (sentBytes / totalBytes) * 100;
  return (
    <div role="status">
      <Progress value={percent} aria-label="Progress of the upload" />
      <Group justify="space-between" className="bz-dim" mt={4}>
        <span className="bz-wrap">{file === '' ? 'Being registered' : file}</span>
        <span>
          {formatBytes(sentBytes)} of {formatBytes(totalBytes)}
          {isOver || left === null
            ? ''
            : `, ${formatBytes(Math.round(rate))}/s, about ${formatNoun(Math.max(1, left), 'second')} left`}
        </span>
      </Group>
    </div>
  );
}

import { interactionRoutes, type RouteInput } from '@bartizan/contracts';
import { Button, Menu } from '@mantine/core';
import { IconDownload, IconX } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { api } from '../app/api.ts';
import { askPurpose } from '../app/purpose-dialog.tsx';
import { useMay } from '../app/session.ts';
import { formatBytes } from '../ui/format.ts';
import { toast, toastFailure } from '../ui/toast.ts';

type Filter = NonNullable<RouteInput<typeof interactionRoutes.export>['query']>;

/** Reads a download piece by piece, telling how much there is. The browser keeps large ones on disk. */
async function download(response: Response, onProgress: (bytes: number) => void): Promise<Blob> {
  const parts: Blob[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    parts.push(new Blob([piece.value as Uint8Array<ArrayBuffer>]));
    bytes += piece.value.byteLength;
    onProgress(bytes);
  }
  return new Blob(parts, { type: 'application/x-ndjson' });
}

function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Exports what the filter matches as JSON Lines, with the reason; masked, or with what guards found. */
export function ExportButton({ filter }: { filter: Filter }) {
  const mayContent = useMay('interactions.content');
  const [bytes, setBytes] = useState<number | null>(null);
  const abort = useRef<AbortController | null>(null);
  const run = async (content: 'masked' | 'full') => {
    const purpose = await askPurpose('You are about to export every interaction that the filter shows.');
    if (purpose === null) return;
    abort.current = new AbortController();
    setBytes(0);
    try {
      const { signal } = abort.current;
      const query = { ...filter, content };
      const response = await api.stream(interactionRoutes.export, { query, purpose, signal });
      saveAs(await download(response, setBytes), 'interactions.jsonl');
    } catch (failure) {
      if (abort.current.signal.aborted) toast('Export cancelled');
      else toastFailure(failure);
    } finally {
      setBytes(null);
    }
  };
  if (bytes !== null) {
    return (
      <Button variant="default" leftSection={<IconX size={14} />} onClick={() => abort.current?.abort()}>
        {formatBytes(bytes)} exported, cancel
      </Button>
    );
  }
  if (!mayContent) {
    return (
      <Button variant="default" leftSection={<IconDownload size={14} />} onClick={() => void run('masked')}>
        Export JSONL
      </Button>
    );
  }
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} />}>
          Export JSONL
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void run('masked')}>With what guards found masked</Menu.Item>
        <Menu.Item onClick={() => void run('full')}>With everything that is kept</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

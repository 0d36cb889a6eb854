import { type ImportResult, type ImportRow, inventoryRoutes, MAX_CSV_BYTES } from '@bartizan/contracts';
import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { formatBytes, formatCount, formatNoun } from '../ui/format.ts';
import { Tag } from '../ui/page.tsx';
import { toast } from '../ui/toast.ts';

const MOST_ROWS = 200;

/** The bytes of a file in base64, in pieces that the call stack bears. */
async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

/** Takes a CSV file over: first what would happen, then all of it or nothing. */
export function ImportDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [file, setFile] = useState<string | null>(null);
  const [tooLarge, setTooLarge] = useState<string | null>(null);
  const [preview, setPreview] = useState<ImportResult | null>(null);
  const close = () => {
    setFile(null);
    setPreview(null);
    setTooLarge(null);
    onClose();
  };
  const run = useMutation({
    mutationFn: ({ content, dryRun }: { content: string; dryRun: boolean }) =>
      api.call(inventoryRoutes.import, { body: { file: content, dryRun } }),
    onSuccess: async (result) => {
      if (!result.done) return setPreview(result);
      await client.invalidateQueries({ queryKey: ['systems'] });
      toast(`${formatNoun(result.created, 'system')} added, ${formatCount(result.updated)} changed`);
      close();
    },
  });
  const choose = async (chosen: File | undefined) => {
    setPreview(null);
    setFile(null);
    setTooLarge(null);
    if (!chosen) return;
    if (chosen.size > MAX_CSV_BYTES) {
      setTooLarge(`${formatBytes(chosen.size)} is more than ${formatBytes(MAX_CSV_BYTES)}. Split the file.`);
      return;
    }
    const content = await base64Of(chosen);
    setFile(content);
    run.mutate({ content, dryRun: true });
  };
  const ready = preview !== null && preview.failed === 0 && preview.created + preview.updated > 0;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title="Import systems"
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="sm">
        <p>
          A CSV file in UTF-8 with a heading line. Systems with a known key are changed, others added; columns
          that are not in the file stay as they are. An export has every column.
        </p>
        <label>
          <span className="bz-label">File</span>
          <input
            className="bz-import-file"
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => void choose(event.currentTarget.files?.[0])}
          />
        </label>
        {tooLarge === null ? null : <p className="bz-flagged">{tooLarge}</p>}
        <FailureNote failure={run.error} />
        {preview === null ? null : <Preview result={preview} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            disabled={!ready || file === null}
            loading={run.isPending}
            onClick={() => file !== null && run.mutate({ content: file, dryRun: false })}
          >
            Take over this file
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const ACTIONS: Readonly<Record<ImportRow['action'], string>> = {
  create: 'add',
  update: 'change',
  unchanged: 'as it is',
  error: 'error',
};

function Preview({ result }: { result: ImportResult }) {
  const weight = (row: ImportRow) => (row.action === 'error' ? 0 : row.warnings.length > 0 ? 1 : 2);
  const rows = result.rows.toSorted((a, b) => weight(a) - weight(b) || a.line - b.line);
  return (
    <div role="status">
      <p>
        <b>{formatCount(result.created)}</b> to add, <b>{formatCount(result.updated)}</b> to change,{' '}
        {formatCount(result.unchanged)} as they are
        {result.failed > 0 ? (
          <span className="bz-flagged">
            , {formatNoun(result.failed, 'row')} with errors: nothing is taken over until they are corrected
          </span>
        ) : null}
        .
      </p>
      {result.ignoredColumns.length > 0 ? (
        <p className="bz-dim">
          Columns that are not known and are left out: {result.ignoredColumns.join(', ')}.
        </p>
      ) : null}
      <div className="bz-list" style={{ maxHeight: 320, overflow: 'auto', marginTop: 8 }}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable with keys */}
        <table className="bz-table" tabIndex={0} aria-label="Rows of the file">
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">System</th>
              <th scope="col">What happens</th>
              <th scope="col">What to look at</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row) => (
              <tr key={row.line}>
                <td className="bz-num">{row.line}</td>
                <td>
                  {row.name || '–'}
                  <div className="bz-dim bz-mono">{row.key}</div>
                </td>
                <td>
                  <Tag>{ACTIONS[row.action]}</Tag>
                  {row.changes.length > 0 ? <div className="bz-dim">{row.changes.join(', ')}</div> : null}
                </td>
                <td>
                  {row.errors.map((error) => (
                    <div key={`${error.column}${error.message}`}>
                      <code>{error.column}</code> {error.message}. <b>{error.todo}</b>
                    </div>
                  ))}
                  {row.warnings.map((warning) => (
                    <div key={`${warning.column}${warning.message}`} className="bz-dim">
                      <code>{warning.column}</code> {warning.message}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > MOST_ROWS ? (
        <p className="bz-dim">{formatCount(rows.length - MOST_ROWS)} further rows are not shown.</p>
      ) : null}
    </div>
  );
}

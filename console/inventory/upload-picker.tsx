import { Button, Group } from '@mantine/core';
import { IconFileUpload, IconFolderUp, IconX } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { formatBytes, formatCount, formatNoun } from '../ui/format.ts';
import { type Chosen, chosenOf } from './upload.ts';

/** Files or a folder, chosen or dropped. */
export function Picker({
  chosen,
  onChange,
}: {
  chosen: readonly Chosen[];
  onChange: (chosen: readonly Chosen[]) => void;
}) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const take = (list: FileList | null) => {
    if (list && list.length > 0) onChange(chosenOf([...list]));
  };
  const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <>
      <div
        className="bz-drop"
        data-over={isOver}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          take(event.dataTransfer.files);
        }}
      >
        <p>
          Drop files here, or choose them. Files of any size; an upload that breaks off goes on where it was.
        </p>
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconFileUpload size={14} />}
            onClick={() => files.current?.click()}
          >
            Choose files
          </Button>
          <Button
            variant="default"
            leftSection={<IconFolderUp size={14} />}
            onClick={() => folder.current?.click()}
          >
            Choose a folder
          </Button>
        </Group>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label="Files of the version"
          onChange={(event) => take(event.currentTarget.files)}
        />
        <input
          ref={folder}
          type="file"
          hidden
          aria-label="Folder of the version"
          {...{ webkitdirectory: '' }}
          onChange={(event) => take(event.currentTarget.files)}
        />
      </div>
      {chosen.length > 0 ? (
        <>
          <Group justify="space-between" mt="sm">
            <span>
              {formatNoun(chosen.length, 'file')}, {formatBytes(total)}
            </span>
            <Button
              size="compact-xs"
              variant="subtle"
              leftSection={<IconX size={12} />}
              onClick={() => onChange([])}
            >
              Choose others
            </Button>
          </Group>
          <div className="bz-upload-files" tabIndex={0} role="region" aria-label="Chosen files">
            <table className="bz-table bz-narrow">
              <tbody>
                {chosen.slice(0, 200).map(({ path, file }) => (
                  <tr key={path}>
                    <td className="bz-wrap">{path}</td>
                    <td className="bz-num">{formatBytes(file.size)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {chosen.length > 200 ? <p className="bz-dim">and {formatCount(chosen.length - 200)} more</p> : null}
        </>
      ) : null}
    </>
  );
}

import type { CheckSummary } from '@bartizan/contracts';
import { Button, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Tag } from '../ui/page.tsx';

interface CatalogueProps {
  readonly opened: boolean;
  readonly checks: readonly CheckSummary[];
  /** Ids of the checks that rules use already. */
  readonly used: readonly string[];
  readonly onClose: () => void;
  readonly onAdd: (check: CheckSummary) => void;
}

/** Every check there is, to add a rule for it. A check may have several rules. */
export function Catalogue({ opened, checks, used, onClose, onAdd }: CatalogueProps) {
  const [needle, setNeedle] = useState('');
  const wanted = needle.trim().toLowerCase();
  const shown = checks.filter((check) =>
    `${check.title} ${check.description} ${check.id}`.toLowerCase().includes(wanted),
  );
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Add a rule"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <TextInput
        data-autofocus
        mb="sm"
        placeholder="Find a check"
        aria-label="Find a check"
        value={needle}
        onChange={(event) => setNeedle(event.currentTarget.value)}
      />
      <ul className="bz-catalogue">
        {shown.map((check) => (
          <li key={check.id}>
            <div>
              <b>{check.title}</b> <span className="bz-dim bz-mono">{check.id}</span>{' '}
              {used.includes(check.id) ? <Tag>in use</Tag> : null}
              <p className="bz-dim bz-note">{check.description}</p>
              <span className="bz-tags">
                {check.maps.map((map) => (
                  <Tag key={`${map.framework}${map.edition}${map.id}`} title={map.name}>
                    {map.framework} {map.edition} {map.id}
                  </Tag>
                ))}
              </span>
            </div>
            <Button variant="default" onClick={() => onAdd(check)} aria-label={`Add ${check.title}`}>
              Add
            </Button>
          </li>
        ))}
        {shown.length === 0 ? <p className="bz-dim">No check is called so.</p> : null}
      </ul>
    </Modal>
  );
}

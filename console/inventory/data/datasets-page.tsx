import { Button, Group } from '@mantine/core';
import { IconPlus, IconUpload } from '@tabler/icons-react';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Gate } from '../../app/gate.tsx';
import { useMay } from '../../app/session.ts';
import { knownTab, LinkTabs } from '../../ui/link-tabs.tsx';
import { Page } from '../../ui/page.tsx';
import { DataPolicyTab } from './data-policy.tsx';
import { DatasetsTab } from './datasets-tab.tsx';
import { LabelQueuesTab } from './label-queues-tab.tsx';
import { SourceDialog } from './source-dialog.tsx';
import { SourcesTab } from './sources-tab.tsx';
import './data.css';

const route = getRouteApi('/house/inventory/datasets');

const WORDS = {
  datasets: 'What models learn from and look things up in: every record hashed, its way here on record.',
  sources: 'Where data comes from, who answers for it, and how far it is trusted.',
  labelling: 'Labels that annotators or scans dispute, for people to decide.',
  policy: 'What must hold before data may be used.',
} as const;
const TITLES = {
  datasets: 'Datasets',
  sources: 'Sources · Datasets',
  labelling: 'Labelling · Datasets',
  policy: 'Policy · Datasets',
} as const;

/** Datasets, where they come from, and labels to decide. */
export function DatasetsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayWrite = useMay('data.write');
  const [isAdding, setIsAdding] = useState(false);
  const current = knownTab(search.tab, ['datasets', 'sources', 'labelling', 'policy']) as keyof typeof WORDS;
  const change = (next: object) =>
    void navigate({ to: '/inventory/datasets', search: { ...search, ...next }, replace: true });
  return (
    <Gate permission="data.read">
      <Page
        title={TITLES[current]}
        description={WORDS[current]}
        actions={
          mayWrite ? (
            <Group gap="xs">
              {current === 'datasets' ? (
                <Button
                  leftSection={<IconUpload size={14} />}
                  renderRoot={(props) => <Link to="/inventory/datasets/push" {...props} />}
                >
                  Push a version
                </Button>
              ) : null}
              {current === 'sources' ? (
                <Button leftSection={<IconPlus size={14} />} onClick={() => setIsAdding(true)}>
                  Register a source
                </Button>
              ) : null}
            </Group>
          ) : null
        }
      >
        <LinkTabs
          label="Datasets"
          current={current}
          tabs={[
            { value: 'datasets', label: 'Datasets' },
            { value: 'sources', label: 'Sources' },
            { value: 'labelling', label: 'Labelling' },
            { value: 'policy', label: 'Policy' },
          ]}
        />
        {current === 'datasets' ? <DatasetsTab q={search.q} onSearch={change} /> : null}
        {current === 'sources' ? (
          <SourcesTab search={search} onSearch={change} onAdd={() => setIsAdding(true)} />
        ) : null}
        {current === 'labelling' ? <LabelQueuesTab /> : null}
        {current === 'policy' ? <DataPolicyTab /> : null}
        {isAdding ? <SourceDialog source={null} onClose={() => setIsAdding(false)} /> : null}
      </Page>
    </Gate>
  );
}

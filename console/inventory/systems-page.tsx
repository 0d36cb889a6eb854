import { inventoryRoutes } from '@bartizan/contracts';
import { Button, Menu } from '@mantine/core';
import { IconDots, IconDownload, IconPlus, IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { useMay } from '../app/session.ts';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Page } from '../ui/page.tsx';
import { toastFailure } from '../ui/toast.ts';
import { AttentionTab } from './system-attention.tsx';
import { GraphTab } from './system-graph.tsx';
import { ImportDialog } from './system-import.tsx';
import { attentionQuery } from './system-queries.ts';
import { SystemsTab } from './systems-tab.tsx';
import '../protection/protection.css';
import '../traffic/traffic.css';
import './systems.css';

const route = getRouteApi('/house/inventory/systems');

const WORDS = {
  systems:
    'What the business runs with AI: who answers for it, whom it affects, what it uses and how much is at stake.',
  attention: 'What nobody answers for, looks after or has described.',
  relations: 'Systems and what they share: models, endpoints, data, vendors and people.',
} as const;

const TITLES = {
  systems: 'Systems',
  attention: 'Needs attention · Systems',
  relations: 'Relations · Systems',
} as const;

/** AI systems, what needs attention, and how everything hangs together. */
export function SystemsPage() {
  return (
    <Gate permission="systems.read">
      <Systems />
    </Gate>
  );
}

function Systems() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayManage = useMay('systems.manage');
  const attention = useQuery(attentionQuery);
  const current = knownTab(search.tab, ['systems', 'attention', 'relations']) as keyof typeof WORDS;
  const change = (next: object) =>
    void navigate({ to: '/inventory/systems', search: { ...search, ...next }, replace: true });
  return (
    <Page
      title={TITLES[current]}
      description={WORDS[current]}
      actions={
        <>
          <FileMenu mayManage={mayManage} filter={search} />
          {mayManage ? (
            <Button
              leftSection={<IconPlus size={14} />}
              renderRoot={(props) => <Link to="/inventory/systems/new" {...props} />}
            >
              Describe a system
            </Button>
          ) : null}
        </>
      }
    >
      <LinkTabs
        label="Systems"
        current={current}
        tabs={[
          { value: 'systems', label: 'Systems' },
          {
            value: 'attention',
            label: 'Needs attention',
            ...(attention.data ? { count: attention.data.total } : {}),
          },
          { value: 'relations', label: 'Relations' },
        ]}
      />
      {current === 'systems' ? <SystemsTab search={search} onChange={change} /> : null}
      {current === 'attention' ? <AttentionTab mayManage={mayManage} /> : null}
      {current === 'relations' ? <GraphTab search={search} onChange={change} /> : null}
    </Page>
  );
}

function FileMenu({ mayManage, filter }: { mayManage: boolean; filter: Record<string, string | undefined> }) {
  const [importing, setImporting] = useState(false);
  const download = async () => {
    try {
      const { tab: _t, around: _a, kinds: _k, ...query } = filter;
      const answer = await api.stream(inventoryRoutes.export, { query });
      const url = URL.createObjectURL(await answer.blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = 'systems.csv';
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (failure) {
      toastFailure(failure);
    }
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={14} />}>
            CSV
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconDownload size={14} />} onClick={() => void download()}>
            Export what is filtered
          </Menu.Item>
          {mayManage ? (
            <Menu.Item leftSection={<IconUpload size={14} />} onClick={() => setImporting(true)}>
              Import a file
            </Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      {mayManage ? <ImportDialog opened={importing} onClose={() => setImporting(false)} /> : null}
    </>
  );
}

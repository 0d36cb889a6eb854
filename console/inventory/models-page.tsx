import { Button } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Gate } from '../app/gate.tsx';
import { useMay } from '../app/session.ts';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Page } from '../ui/page.tsx';
import { ModelsTab } from './models-tab.tsx';
import { RunsTab } from './runs-tab.tsx';
import { ScansTab } from './scans-tab.tsx';
import { SigningTab } from './signing-tab.tsx';
import './models.css';

const route = getRouteApi('/house/inventory/models');

const WORDS = {
  models:
    'What you run or could run: every version with its files, what was found in them, and who vouches for it.',
  runs: 'Training and processing, as clients logged it.',
  scans: 'Every version is scanned when it arrives, and again when the scanner learns.',
  signing: 'Whose signatures count, and what a version needs before it is used.',
} as const;

const TITLES = {
  models: 'Models',
  runs: 'Runs · Models',
  scans: 'Scans · Models',
  signing: 'Signing · Models',
} as const;

/** Models, the runs that made them, their scans, and whose signatures count. */
export function ModelsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayWrite = useMay('models.write');
  const current = knownTab(search.tab, ['models', 'runs', 'scans', 'signing']) as keyof typeof WORDS;
  const change = (next: object) =>
    void navigate({ to: '/inventory/models', search: { ...search, ...next }, replace: true });
  return (
    <Gate permission="models.read">
      <Page
        title={TITLES[current]}
        description={WORDS[current]}
        actions={
          mayWrite && current === 'models' ? (
            <Button
              leftSection={<IconUpload size={14} />}
              renderRoot={(props) => <Link to="/inventory/models/upload" {...props} />}
            >
              Upload a version
            </Button>
          ) : null
        }
      >
        <LinkTabs
          label="Models"
          current={current}
          tabs={[
            { value: 'models', label: 'Models' },
            { value: 'runs', label: 'Runs' },
            { value: 'scans', label: 'Scans' },
            { value: 'signing', label: 'Signing' },
          ]}
        />
        {current === 'models' ? <ModelsTab search={search} onSearch={change} /> : null}
        {current === 'runs' ? <RunsTab search={search} onSearch={change} /> : null}
        {current === 'scans' ? <ScansTab search={search} onSearch={change} /> : null}
        {current === 'signing' ? <SigningTab /> : null}
      </Page>
    </Gate>
  );
}

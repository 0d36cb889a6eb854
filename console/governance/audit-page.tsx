import { getRouteApi } from '@tanstack/react-router';
import { Gate } from '../app/gate.tsx';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Page } from '../ui/page.tsx';
import { Entries } from './entries.tsx';
import { ExportLog } from './export-log.tsx';
import { Proof } from './proof.tsx';
import { Summary } from './summary.tsx';
import './governance.css';

const route = getRouteApi('/house/governance/audit');

/** What was done, by whom, and the proof that nobody rewrote it. */
export function AuditPage() {
  const tab = knownTab(route.useSearch().tab, ['entries', 'summary', 'proof']);
  return (
    <Gate permission="audit.read">
      <Page
        title="Audit log"
        description="Every change, every reading of protected content and every batch of verdicts, in a log that cannot be rewritten unnoticed."
        actions={<ExportLog />}
      >
        <LinkTabs
          label="Audit log"
          current={tab}
          tabs={[
            { value: 'entries', label: 'Entries' },
            { value: 'summary', label: 'Summary' },
            { value: 'proof', label: 'What is proven' },
          ]}
        />
        {tab === 'entries' ? <Entries /> : null}
        {tab === 'summary' ? <Summary /> : null}
        {tab === 'proof' ? <Proof /> : null}
      </Page>
    </Gate>
  );
}

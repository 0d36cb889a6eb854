import { type PolicyDetail, type PolicyDocument, policyRoutes } from '@bartizan/contracts';
import { ActionIcon, Menu } from '@mantine/core';
import { IconDots, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { type Draft, dropDraft, readDraft, writeDraft } from '../app/drafts.ts';
import { Gate } from '../app/gate.tsx';
import { changeOrPropose } from '../app/propose.ts';
import { endpointsQuery, policyQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { LinkTabs } from '../ui/link-tabs.tsx';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { toast } from '../ui/toast.ts';
import { Compare } from './compare.tsx';
import { DryRun } from './dry-run.tsx';
import { ModeBadge } from './mode.tsx';
import { changesBetween, changesInWords, same } from './rules.ts';
import { RulesEditor } from './rules-editor.tsx';
import { SaveBar } from './save-bar.tsx';
import { Versions } from './versions.tsx';
import './protection.css';

const route = getRouteApi('/house/protection/policies/$id');

export function PolicyPage() {
  return (
    <Gate permission="policies.read">
      <OnePolicy />
    </Gate>
  );
}

function OnePolicy() {
  const { id } = route.useParams();
  const query = useQuery(policyQuery(id));
  return <QueryView query={query}>{(policy) => <Policy key={policy.id} policy={policy} />}</QueryView>;
}

/** The newest version is what is edited; the live one may be older. */
const newestOf = (policy: PolicyDetail): PolicyDocument =>
  policy.versions.find((each) => each.version === policy.latestVersion)?.document ?? policy.document;

function Policy({ policy }: { policy: PolicyDetail }) {
  const { tab = 'rules' } = route.useSearch();
  const mayManage = useMay('policies.manage');
  const saved = newestOf(policy);
  const [kept, setKept] = useState<Draft | null>(() => readDraft(policy.id));
  const draft = kept?.document ?? null;
  const document = draft ?? saved;
  const dirty = draft !== null && !same(draft, saved);
  const change = (next: PolicyDocument) => {
    if (same(next, saved)) {
      discard();
      return;
    }
    const changed = { document: next, base: kept?.base ?? policy.latestVersion };
    setKept(changed);
    writeDraft(policy.id, changed);
  };
  const discard = () => {
    dropDraft(policy.id);
    setKept(null);
  };
  const changes = changesInWords(changesBetween(saved, document));
  return (
    <Page
      title={policy.name}
      above={<Link to="/protection/policies">Policies</Link>}
      heading={
        <>
          {policy.name}
          <ModeBadge mode={policy.mode} />
        </>
      }
      description={<PolicyLine policy={policy} />}
      actions={mayManage ? <MoreMenu policy={policy} /> : null}
    >
      <LinkTabs
        label="Policy"
        current={tab}
        tabs={[
          { value: 'rules', label: dirty ? 'Rules, unsaved' : 'Rules', count: document.rules.length },
          ...(mayManage ? [{ value: 'dry-run', label: 'Dry run' }] : []),
          { value: 'versions', label: 'Versions', count: policy.versions.length },
          { value: 'compare', label: 'Compare' },
        ]}
      />
      {tab === 'rules' ? <RulesEditor document={document} onChange={change} disabled={!mayManage} /> : null}
      {tab === 'dry-run' ? (
        <DryRun
          policy={policy}
          document={document}
          what={dirty ? `your draft (${changes})` : `version ${policy.latestVersion}`}
        />
      ) : null}
      {tab === 'versions' ? <Versions policy={policy} /> : null}
      {tab === 'compare' ? <Compare policy={policy} draft={dirty ? document : null} /> : null}
      {dirty && mayManage ? (
        <SaveBar
          policy={policy}
          document={document}
          changes={changes}
          onDiscard={discard}
          base={kept?.base ?? policy.latestVersion}
          onSaved={discard}
        />
      ) : null}
    </Page>
  );
}

function PolicyLine({ policy }: { policy: PolicyDetail }) {
  const endpoints = useQuery({ ...endpointsQuery, enabled: useMay('endpoints.read') });
  return (
    <>
      {policy.description ? `${policy.description} ` : ''}Version {policy.activeVersion} is live
      {policy.latestVersion > policy.activeVersion ? `, version ${policy.latestVersion} is the newest` : ''}.{' '}
      {policy.endpointIds.length === 0 ? 'No endpoint uses it.' : 'Used by '}
      {policy.endpointIds.map((id, index) => (
        <span key={id}>
          {index > 0 ? ', ' : ''}
          <Link to="/protection/endpoints/$id" params={{ id }}>
            {endpoints.data?.find((endpoint) => endpoint.id === id)?.slug ?? 'endpoint'}
          </Link>
        </span>
      ))}
      {policy.endpointIds.length > 0 ? '.' : ''}
    </>
  );
}

function MoreMenu({ policy }: { policy: PolicyDetail }) {
  const [removing, setRemoving] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label="More actions">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={14} />}
            disabled={policy.endpointIds.length > 0}
            title={policy.endpointIds.length > 0 ? 'Endpoints use it' : undefined}
            onClick={() => setRemoving(true)}
          >
            Delete policy
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={removing}
        title={`Delete ${policy.name}?`}
        verb="Delete this policy"
        name={policy.name}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          const changed = await changeOrPropose({ kind: 'policies.remove', policyId: policy.id }, () =>
            api.call(policyRoutes.remove, { params: { id: policy.id } }),
          );
          if (!changed.done) return;
          await navigate({ to: '/protection/policies' });
          client.removeQueries({ queryKey: ['policies', policy.id] });
          await client.invalidateQueries({ queryKey: ['policies'] });
          dropDraft(policy.id);
          toast(`Policy ${policy.name} deleted`);
        }}
      >
        <p>All its versions are removed. Interactions keep the name of the rules that judged them.</p>
      </Confirm>
    </>
  );
}

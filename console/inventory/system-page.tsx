import { inventoryRoutes, type SystemDetail } from '@bartizan/contracts';
import { ActionIcon, Button, Menu, Modal, Stack, Textarea } from '@mantine/core';
import { IconArchive, IconDots } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { FormFoot } from '../ui/form-foot.tsx';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Page, Tag } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { toast } from '../ui/toast.ts';
import { SystemBom } from './bom-tab.tsx';
import { FactsTab } from './system-facts.tsx';
import { SystemForm } from './system-form.tsx';
import { GraphTab } from './system-graph.tsx';
import { HistoryTab } from './system-history.tsx';
import { systemQuery } from './system-queries.ts';
import { QuestionnaireTab } from './system-questionnaire.tsx';
import { ReviewDialog } from './system-review.tsx';
import { RiskTab } from './system-risk.tsx';
import { STATE_WORDS, TierBadge } from './system-words.tsx';
import '../protection/protection.css';
import './models.css';
import './systems.css';

const route = getRouteApi('/house/inventory/systems/$id');
const newRoute = getRouteApi('/house/inventory/systems/new');
const above = <Link to="/inventory/systems">Systems</Link>;

export function NewSystemPage() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const linked = newRoute.useSearch();
  return (
    <Gate permission="systems.manage">
      <Page narrow title="Describe a system" above={above}>
        <SystemForm
          system={null}
          linked={linked}
          save={(body) => api.call(inventoryRoutes.create, { body })}
          onSaved={async (system) => {
            await client.invalidateQueries({ queryKey: ['systems'] });
            toast(`${system.name} is in the inventory`);
            await navigate({
              to: '/inventory/systems/$id',
              params: { id: system.id },
              search: { tab: 'assess' },
            });
          }}
        />
      </Page>
    </Gate>
  );
}

export function SystemPage() {
  return (
    <Gate permission="systems.read">
      <OneSystem />
    </Gate>
  );
}

function OneSystem() {
  const { id } = route.useParams();
  const query = useQuery(systemQuery(id));
  return <QueryView query={query}>{(system) => <Shown system={system} />}</QueryView>;
}

const READING = ['facts', 'risk', 'relations', 'bom', 'history'] as const;

function Shown({ system }: { system: SystemDetail }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const manage = system.may.manage;
  const tab = knownTab(search.tab, manage ? [...READING, 'assess', 'edit'] : [...READING]);
  const show = (next: string | undefined) =>
    void navigate({ to: '/inventory/systems/$id', params: { id: system.id }, search: { tab: next } });
  return (
    <Page
      title={system.name}
      above={above}
      heading={
        <>
          {system.name}
          <code className="bz-dim" style={{ fontSize: 14, fontWeight: 400 }}>
            {system.key}
          </code>
          <Tag>{STATE_WORDS[system.state]}</Tag>
          <TierBadge tier={system.risk?.tier ?? null} />
        </>
      }
      description={system.purpose || undefined}
      actions={manage ? <Acts system={system} /> : null}
    >
      <LinkTabs
        label="System"
        current={tab}
        tabs={[
          { value: 'facts', label: 'Facts' },
          { value: 'risk', label: 'Risk' },
          { value: 'relations', label: 'Relations' },
          { value: 'bom', label: 'Bill of materials' },
          { value: 'history', label: 'History' },
          ...(manage
            ? [
                { value: 'assess', label: 'Questions' },
                { value: 'edit', label: 'Edit' },
              ]
            : []),
        ]}
      />
      {tab === 'facts' ? <FactsTab system={system} /> : null}
      {tab === 'risk' ? <RiskTab system={system} /> : null}
      {tab === 'relations' ? (
        <GraphTab
          search={{ ...search, around: search.around ?? `system:${system.id}` }}
          onChange={(next) =>
            void navigate({
              to: '/inventory/systems/$id',
              params: { id: system.id },
              search: { ...search, ...next },
              replace: true,
            })
          }
        />
      ) : null}
      {tab === 'bom' ? <SystemBom systemId={system.id} name={system.key} /> : null}
      {tab === 'history' ? <HistoryTab id={system.id} /> : null}
      {tab === 'assess' ? <QuestionnaireTab system={system} onDone={() => show('risk')} /> : null}
      {tab === 'edit' ? (
        <SystemForm
          key={system.revision}
          system={system}
          save={(body) =>
            api.call(inventoryRoutes.update, {
              params: { id: system.id },
              body: { ...body, revision: system.revision },
            })
          }
          onSaved={async () => {
            await client.invalidateQueries({ queryKey: ['systems'] });
            toast(`${system.name} saved`);
            show(undefined);
          }}
        />
      ) : null}
    </Page>
  );
}

function Acts({ system }: { system: SystemDetail }) {
  const [open, setOpen] = useState<'review' | 'retire' | null>(null);
  return (
    <>
      {system.state === 'retired' ? null : (
        <Button variant="default" onClick={() => setOpen('review')}>
          Mark as reviewed
        </Button>
      )}
      {system.state === 'retired' ? null : (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label="More actions">
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item color="red" leftSection={<IconArchive size={14} />} onClick={() => setOpen('retire')}>
              Retire system
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <ReviewDialog system={system} opened={open === 'review'} onClose={() => setOpen(null)} />
      {open === 'retire' ? <RetireDialog system={system} onClose={() => setOpen(null)} /> : null}
    </>
  );
}

function RetireDialog({ system, onClose }: { system: SystemDetail; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const save = useMutation({
    mutationFn: () =>
      api.call(inventoryRoutes.retire, { params: { id: system.id }, body: { reason: reason.trim() } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['systems'] });
      toast(`${system.name} is retired`);
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Retire ${system.name}?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <p>
            It stays on record with its history. Endpoints and models are not turned off; while an endpoint of
            it still has traffic, it needs attention.
          </p>
          <Textarea
            label="Reason"
            required
            data-autofocus
            autosize
            minRows={2}
            maxLength={2000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <FormFoot
            failure={save.error}
            verb="Retire this system"
            busy={save.isPending}
            disabled={reason.trim().length < 5}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

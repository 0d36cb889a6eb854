import { type ModelDetail, registryRoutes } from '@bartizan/contracts';
import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconDots, IconTrash, IconUpload } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { formatNoun } from '../ui/format.ts';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { LoadMore } from '../ui/load-more.tsx';
import { Facts, Page, Section } from '../ui/page.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { EmptyState, ErrorState, ListSkeleton, QueryView } from '../ui/states.tsx';
import { toast } from '../ui/toast.ts';
import { AboutModel } from './about-model.tsx';
import { CardTab } from './card-tab.tsx';
import { Compare } from './compare-versions.tsx';
import { modelQuery } from './model-queries.ts';
import { TagsEditor } from './tags-editor.tsx';
import { VersionTable } from './version-table.tsx';
import './models.css';

const route = getRouteApi('/house/inventory/models/$id');

export function ModelPage() {
  return (
    <Gate permission="models.read">
      <OneModel />
    </Gate>
  );
}

function OneModel() {
  const { id } = route.useParams();
  const search = route.useSearch();
  const current = knownTab(search.tab, ['versions', 'compare', 'card', 'about']);
  const query = useQuery({ ...modelQuery(id), refetchInterval: 15_000 });
  return (
    <QueryView query={query}>
      {(model) => (
        <Page
          title={model.name}
          above={<Link to="/inventory/models">Models</Link>}
          heading={
            <>
              <span className="bz-wrap">{model.name}</span> <ScanBadge verdict={model.worstVerdict} />
            </>
          }
          description={model.description || undefined}
          actions={<Acts model={model} />}
        >
          <LinkTabs
            label="Model"
            current={current}
            tabs={[
              { value: 'versions', label: 'Versions', count: model.versions },
              { value: 'compare', label: 'Compare' },
              { value: 'card', label: 'Model card' },
              { value: 'about', label: 'About' },
            ]}
          />
          {current === 'versions' ? <Versions model={model} /> : null}
          {current === 'compare' ? <Compare model={model} from={search.from} to={search.to} /> : null}
          {current === 'card' ? <CardTab modelId={model.id} mayWrite={model.may.write} /> : null}
          {current === 'about' ? (
            <div className="bz-version-columns">
              <AboutModel model={model} />
              <div>
                <TagsEditor
                  tags={model.tags}
                  mayWrite={model.may.write}
                  save={(body) => api.call(registryRoutes.tag, { params: { model: model.id }, body })}
                  invalidates={['models']}
                />
                <Served model={model} />
              </div>
            </div>
          ) : null}
        </Page>
      )}
    </QueryView>
  );
}

function Served({ model }: { model: ModelDetail }) {
  return (
    <Section title="Endpoints that serve it">
      {model.endpoints.length === 0 ? (
        <p className="bz-dim">
          None says so. An endpoint’s page names the models behind it, so that findings lead to live traffic.
        </p>
      ) : (
        <Facts
          items={model.endpoints.map(
            ({ id, name, version }) =>
              [
                `Version ${version}`,
                <Link key={id} to="/protection/endpoints/$id" params={{ id }}>
                  {name}
                </Link>,
              ] as const,
          )}
        />
      )}
    </Section>
  );
}

function Versions({ model }: { model: ModelDetail }) {
  const query = useInfiniteQuery({
    queryKey: ['models', model.id, 'versions'],
    queryFn: ({ pageParam, signal }) =>
      api.call(registryRoutes.versions, {
        params: { model: model.id },
        query: { cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 5_000,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <ListSkeleton />;
  if (query.isError && items.length === 0)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (items.length === 0)
    return (
      <EmptyState icon={IconUpload} title="No version yet">
        Upload one, push a folder with <code>bartizan model push DIR --name {model.name}</code>, or register
        one with mlflow.
      </EmptyState>
    );
  return (
    <>
      <VersionTable items={items} modelId={model.id} />
      <LoadMore query={query} shown={items.length} verb="Load older" />
    </>
  );
}

function Acts({ model }: { model: ModelDetail }) {
  const [removing, setRemoving] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <>
      {model.may.write ? (
        <Button
          variant="default"
          leftSection={<IconUpload size={14} />}
          renderRoot={(props) => (
            <Link to="/inventory/models/upload" search={{ model: model.name }} {...props} />
          )}
        >
          Upload a version
        </Button>
      ) : null}
      {model.may.manage ? (
        <Menu>
          <Menu.Target>
            <ActionIcon aria-label="More actions">
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={() => setRemoving(true)}>
              Remove model
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : null}
      <Confirm
        opened={removing}
        title={`Remove ${model.name}?`}
        verb="Remove this model"
        name={model.name}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          const force = model.production.length > 0 ? 'true' : 'false';
          await api.call(registryRoutes.remove, { params: { model: model.id }, query: { force } });
          await navigate({ to: '/inventory/models' });
          client.removeQueries({ queryKey: ['models', model.id] });
          await client.invalidateQueries({ queryKey: ['models'] });
          toast(`${model.name} removed`);
        }}
      >
        <p>
          Its {formatNoun(model.versions, 'version')} can no longer be downloaded or loaded.
          {model.production.length > 0
            ? ` Version ${model.production.join(', ')} is in production: whatever loads it will fail.`
            : ''}{' '}
          What was built on it keeps its lineage.
        </p>
      </Confirm>
    </>
  );
}

import { dataLineageRoutes } from '@bartizan/contracts';
import { Combobox, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { knownTab, LinkTabs } from '../../ui/link-tabs.tsx';
import { Page } from '../../ui/page.tsx';
import { ExploreLineage } from './lineage-explore.tsx';
import { LINEAGE_KIND_WORDS } from './lineage-words.tsx';
import { TraceView } from './trace-view.tsx';
import '../models.css';
import './data.css';

const route = getRouteApi('/house/inventory/lineage');

/** From sources to decisions and back. */
export function LineagePage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const current = knownTab(search.tab, ['graph', 'trace']);
  const change = (next: object) =>
    void navigate({ to: '/inventory/lineage', search: { ...search, ...next } });
  return (
    <Gate permission="data.read">
      <Page
        title={current === 'trace' ? 'Trace · Lineage' : 'Lineage'}
        description="From the source of a record to the decisions that it had a part in, and back."
      >
        <LinkTabs
          label="Lineage"
          current={current}
          tabs={[
            { value: 'graph', label: 'Graph' },
            { value: 'trace', label: 'Trace' },
          ]}
        />
        {current === 'graph' ? (
          <>
            <div className="bz-filters">
              <FindNode onNode={(node) => change({ node })} />
            </div>
            <ExploreLineage
              node={search.node}
              onNode={(node) => change({ node })}
              onTrace={(subject) => change({ tab: 'trace', subject })}
            />
          </>
        ) : (
          <>
            <form
              className="bz-filters"
              onSubmit={(event) => {
                event.preventDefault();
                const subject = String(new FormData(event.currentTarget).get('subject') ?? '').trim();
                change({ subject: subject || undefined });
              }}
            >
              <TextInput
                key={search.subject}
                name="subject"
                size="xs"
                w={360}
                defaultValue={search.subject}
                aria-label="What to trace"
                placeholder="loans@3#17, source:NAME, model:NAME@2, then Enter"
              />
            </form>
            <TraceView subject={search.subject} />
          </>
        )}
      </Page>
    </Gate>
  );
}

/** Finds things by their name as one types. */
function FindNode({ onNode }: { onNode: (node: string) => void }) {
  const combobox = useCombobox();
  const [text, setText] = useState('');
  const [needle] = useDebouncedValue(text.trim(), 200);
  const found = useQuery({
    queryKey: ['data', 'lineage', 'search', needle],
    queryFn: ({ signal }) => api.call(dataLineageRoutes.search, { query: { q: needle }, signal }),
    enabled: needle !== '',
  });
  const items = needle === '' ? [] : (found.data?.items ?? []);
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={(id) => {
        onNode(id);
        setText('');
        combobox.closeDropdown();
      }}
    >
      <Combobox.Target>
        <TextInput
          size="xs"
          w={300}
          aria-label="Find in the lineage"
          placeholder="Find a source, dataset, run, model, endpoint"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.openDropdown();
          }}
          onFocus={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={needle === ''}>
        <Combobox.Options>
          {items.map((node) => (
            <Combobox.Option key={node.id} value={node.id}>
              {node.label} <span className="bz-dim">{LINEAGE_KIND_WORDS[node.kind]}</span>
            </Combobox.Option>
          ))}
          {found.isSuccess && items.length === 0 ? (
            <Combobox.Empty>Nothing has this name</Combobox.Empty>
          ) : null}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

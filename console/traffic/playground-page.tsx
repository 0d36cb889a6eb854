import { interactionRoutes, policyRoutes } from '@bartizan/contracts';
import { Button, SegmentedControl, Select } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api } from '../app/api.ts';
import { readDraft } from '../app/drafts.ts';
import { Gate } from '../app/gate.tsx';
import { endpointsQuery, policiesQuery } from '../app/queries.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { Page, Section } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';
import { PolicyChoice } from './playground-policy.tsx';
import { PlaygroundResult } from './playground-result.tsx';
import { SegmentsEditor } from './playground-segments.tsx';
import { type PlayState, tellingPart, toRequest, usePlayState } from './playground-state.ts';
import './traffic.css';

const route = getRouteApi('/house/traffic/playground');

export function PlaygroundPage() {
  return (
    <Gate permission="policies.try">
      <Playground />
    </Gate>
  );
}

function Playground() {
  const [state, setState] = usePlayState();
  const change = (next: Partial<PlayState>) => setState((before) => ({ ...before, ...next }));
  useArrivals(change);
  const policies = useQuery(policiesQuery);
  const endpoints = useQuery(endpointsQuery);
  const policyId = state.policyId ?? policies.data?.[0]?.id ?? null;
  const current = { ...state, policyId };
  const run = useMutation({
    mutationFn: async () => {
      const request = toRequest(current);
      return { request, result: await api.call(policyRoutes.tryOut, { body: request }) };
    },
  });
  const ready =
    state.segments.some((segment) => segment.text.trim() !== '') &&
    (state.source === 'draft' ? state.draft.trim() !== '' : policyId !== null);
  const [queued, setQueued] = useState(false);
  const submit = () => {
    if (policies.isPending) setQueued(true);
    else if (ready && !run.isPending) run.mutate();
  };
  // Somebody was faster than the list of policies.
  useEffect(() => {
    if (!queued || policies.isPending) return;
    setQueued(false);
    if (ready) run.mutate();
  }, [queued, policies.isPending, ready, run.mutate]);

  return (
    <Page
      title="Playground"
      description="Try a text or a chat against a policy and see what every guard finds. Nothing is recorded and no model is called."
    >
      <form
        className="bz-split"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            submit();
          }
        }}
      >
        <Section
          title="Text"
          actions={
            <SegmentedControl
              size="xs"
              aria-label="Direction"
              value={state.direction}
              onChange={(direction) =>
                change({
                  direction: direction as PlayState['direction'],
                  // A single untouched author follows the direction: answers are the assistant's.
                  segments:
                    state.segments.length === 1
                      ? state.segments.map((segment) => ({
                          ...segment,
                          author: direction === 'output' ? 'assistant' : 'user',
                        }))
                      : state.segments,
                })
              }
              data={[
                { value: 'input', label: 'Request' },
                { value: 'output', label: 'Answer' },
              ]}
            />
          }
        >
          <PolicyChoice state={current} policies={policies.data ?? []} onChange={change} />
          <SegmentsEditor
            segments={state.segments}
            onChange={(segments) => change({ segments })}
            direction={state.direction}
          />
          <div className="bz-play-foot">
            <Select
              size="xs"
              w={220}
              aria-label="As if sent to endpoint"
              placeholder="As if sent to any endpoint"
              clearable
              allowDeselect
              data={
                endpoints.data?.map((endpoint) => ({
                  value: endpoint.id,
                  label: `As if sent to ${endpoint.slug}`,
                })) ?? []
              }
              value={state.endpointId}
              onChange={(endpointId) => change({ endpointId })}
            />
            <span style={{ flex: 1 }} />
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
            <Button
              type="submit"
              leftSection={<IconPlayerPlay size={14} />}
              disabled={!ready}
              loading={run.isPending}
            >
              Judge
            </Button>
          </div>
        </Section>
        <Section title="Result">
          <FailureNote
            failure={run.error instanceof SyntaxError ? new Error('The draft is not JSON yet.') : run.error}
          />
          {run.data ? (
            <PlaygroundResult request={run.data.request} result={run.data.result} />
          ) : run.error ? null : (
            <EmptyState icon={IconPlayerPlay} title="Nothing judged yet">
              Write something or load a sample, then press Judge. The verdict, every finding and the text as
              it would be forwarded are shown here.
            </EmptyState>
          )}
        </Section>
      </form>
    </Page>
  );
}

/** What a link brought along: an interaction, a policy version or a draft. It is taken over once. */
function useArrivals(change: (next: Partial<PlayState>) => void) {
  const { interaction, policy, version, draft } = route.useSearch();
  const navigate = useNavigate();
  const recorded = useQuery({
    queryKey: ['interactions', 'detail', interaction],
    queryFn: ({ signal }) => api.call(interactionRoutes.get, { params: { id: interaction ?? '' }, signal }),
    enabled: interaction !== undefined,
  });
  useEffect(() => {
    if (recorded.data) {
      change({
        source: 'saved',
        ...tellingPart(recorded.data),
        policyId: recorded.data.policyId,
        version: recorded.data.policyVersion,
        endpointId: recorded.data.endpointId,
      });
    } else if (policy) {
      change({ source: 'saved', policyId: policy, version: version ? Number(version) : null });
    } else if (draft) {
      const kept = readDraft(draft);
      if (kept) change({ source: 'draft', draft: JSON.stringify(kept.document, null, 2) });
    } else {
      return;
    }
    void navigate({ to: '/traffic/playground', search: {}, replace: true });
  }, [recorded.data, policy, draft]);
}

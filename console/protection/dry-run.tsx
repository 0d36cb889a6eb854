import { type DryRunResult, type PolicyDetail, type PolicyDocument, policyRoutes } from '@bartizan/contracts';
import { Button, Checkbox, Loader, NumberInput, Select } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { api } from '../app/api.ts';
import { endpointsQuery } from '../app/queries.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { formatCount, formatPercent, formatShare } from '../ui/format.ts';
import { Section, Tag } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { VerdictBadge } from '../ui/verdict.tsx';

const PERIODS = [
  { value: '3600000', label: 'Last hour' },
  { value: '86400000', label: 'Last 24 hours' },
  { value: '604800000', label: 'Last 7 days' },
  { value: '2592000000', label: 'Last 30 days' },
];

interface DryRunProps {
  readonly policy: PolicyDetail;
  readonly document: PolicyDocument;
  /** What is judged with, in words. */
  readonly what: string;
}

/** Judges recorded traffic with the draft, before anything goes live, and shows which verdicts would change. */
export function DryRun({ policy, document, what }: DryRunProps) {
  const endpoints = useQuery(endpointsQuery);
  const [period, setPeriod] = useState('86400000');
  const [endpointId, setEndpointId] = useState<string | null>(
    policy.endpointIds.length === 1 ? (policy.endpointIds[0] ?? null) : null,
  );
  const [sample, setSample] = useState(1000);
  const [enforced, setEnforced] = useState(false);
  const judged: PolicyDocument = enforced ? { ...document, mode: 'enforce' } : document;
  const { run, stop, busy, result, failure } = useDryRun();
  return (
    <>
      <Section
        title="Dry run"
        description={`Judges recorded traffic with ${what} and shows which verdicts would change. Nothing goes live, nothing is recorded.`}
      >
        <form
          className="bz-actions"
          onSubmit={(event) => {
            event.preventDefault();
            void run({
              document: judged,
              since: Date.now() - Number(period),
              endpointId: endpointId ?? undefined,
              sample,
            });
          }}
        >
          <Select
            size="xs"
            w={150}
            aria-label="Traffic of"
            data={PERIODS}
            value={period}
            onChange={(value) => value && setPeriod(value)}
          />
          <Select
            size="xs"
            w={180}
            aria-label="Endpoint"
            placeholder="Every endpoint"
            clearable
            allowDeselect
            data={endpoints.data?.map((endpoint) => ({ value: endpoint.id, label: endpoint.slug })) ?? []}
            value={endpointId}
            onChange={setEndpointId}
          />
          <NumberInput
            size="xs"
            w={150}
            aria-label="At most, newest first"
            suffix=" newest"
            min={1}
            max={5000}
            allowDecimal={false}
            thousandSeparator=","
            value={sample}
            onChange={(value) =>
              setSample(typeof value === 'number' ? Math.min(5000, Math.max(1, value)) : 1000)
            }
          />
          {document.mode === 'shadow' ? (
            <Checkbox
              size="xs"
              label="As if it enforced"
              title="In shadow mode everything passes; this shows what would happen if it did not"
              checked={enforced}
              onChange={(event) => setEnforced(event.currentTarget.checked)}
            />
          ) : null}
          <Button type="submit" leftSection={<IconPlayerPlay size={14} />} disabled={busy}>
            Run
          </Button>
          {busy ? (
            <>
              <Loader size="xs" />
              <span className="bz-dim">Judging up to {formatCount(sample)} interactions</span>
              <Button variant="subtle" color="gray" onClick={stop}>
                Cancel
              </Button>
            </>
          ) : null}
        </form>
        <FailureNote failure={failure} />
      </Section>
      {result ? <Result result={result} /> : null}
    </>
  );
}

type Request = Parameters<typeof api.call<typeof policyRoutes.dryRun>>[1]['body'];

function useDryRun() {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<DryRunResult | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  const run = async (body: Request) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    setFailure(null);
    try {
      setResult(await api.call(policyRoutes.dryRun, { body, signal: controller.signal }));
    } catch (error) {
      if (!controller.signal.aborted) setFailure(error);
    } finally {
      if (running.current === controller) setBusy(false);
    }
  };
  return {
    run,
    busy,
    result,
    failure,
    stop: () => {
      running.current?.abort();
      setBusy(false);
    },
  };
}

function Result({ result }: { result: DryRunResult }) {
  const changed = result.changes.length;
  const counted = result.summary.filter((each) => each.before !== each.after);
  const total = counted.reduce((sum, each) => sum + each.count, 0);
  if (result.examined === 0) {
    return (
      <EmptyState title="No recorded traffic to judge">Choose a longer time or another endpoint.</EmptyState>
    );
  }
  return (
    <Section
      flush
      title={total === 0 ? 'No verdict would change' : `${formatShare(total, result.examined)} would change`}
      description={
        <>
          {formatCount(result.examined)} interactions examined, {formatCount(result.unchanged)} unchanged.
          {result.notEvaluable > 0
            ? ` ${formatShare(result.notEvaluable, result.examined)} could not be judged, because no text of them is kept.`
            : ''}
        </>
      }
    >
      {counted.length > 0 ? (
        <div className="bz-changes" style={{ padding: '4px 16px' }}>
          {counted
            .toSorted((a, b) => b.count - a.count)
            .map((each) => (
              <span key={`${each.before}${each.after}`}>
                <b>{formatCount(each.count)}</b>
                <VerdictBadge verdict={each.before} /> <span className="bz-arrow">→</span>{' '}
                <VerdictBadge verdict={each.after} />{' '}
                <span className="bz-dim">{formatPercent(each.count, result.examined)}</span>
              </span>
            ))}
        </div>
      ) : null}
      {changed > 0 ? <Changes result={result} /> : null}
    </Section>
  );
}

function Changes({ result }: { result: DryRunResult }) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Before</th>
          <th scope="col">After</th>
          <th scope="col">Text</th>
          <th scope="col">Rules</th>
          <th scope="col">Endpoint</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        {result.changes.map((each) => (
          <tr key={each.interactionId}>
            <td>
              <VerdictBadge verdict={each.before} />
            </td>
            <td>
              <VerdictBadge verdict={each.after} />
            </td>
            <td className="bz-ellipsis">
              <Link to="/traffic/interactions/$id" params={{ id: each.interactionId }}>
                {each.excerpt || each.interactionId}
              </Link>
            </td>
            <td>
              <span className="bz-tags">
                {each.rules.map((rule) => (
                  <Tag key={rule}>{rule}</Tag>
                ))}
              </span>
            </td>
            <td className="bz-nowrap">{each.endpoint}</td>
            <td>
              <RelativeTime at={each.at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

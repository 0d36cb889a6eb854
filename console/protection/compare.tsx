import type { PolicyDetail, PolicyDocument } from '@bartizan/contracts';
import { Select } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Diff } from '../ui/diff.tsx';
import { Section } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';
import { changesBetween } from './rules.ts';

const route = getRouteApi('/house/protection/policies/$id');
const DRAFT = 'draft';

interface CompareProps {
  readonly policy: PolicyDetail;
  /** What is being edited, if it differs from the newest version. */
  readonly draft: PolicyDocument | null;
}

/** Two versions side by side, the changes counted on top. Which two is in the URL. */
export function Compare({ policy, draft }: CompareProps) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const versions = policy.versions.toSorted((a, b) => b.version - a.version);
  const newest = draft ? DRAFT : String(policy.latestVersion);
  const right = search.right ?? newest;
  const left =
    search.left ?? (right === DRAFT ? String(policy.latestVersion) : String(Math.max(1, Number(right) - 1)));
  const documentOf = (name: string): PolicyDocument | undefined =>
    name === DRAFT ? (draft ?? undefined) : versions.find((each) => String(each.version) === name)?.document;
  const before = documentOf(left);
  const after = documentOf(right);
  if (policy.versions.length === 1 && draft === null) {
    return (
      <EmptyState title="Only one version">
        Once a second version is saved, or rules are edited, two versions can be set side by side here.
      </EmptyState>
    );
  }
  const choices = [
    ...(draft ? [{ value: DRAFT, label: 'Draft' }] : []),
    ...versions.map((each) => ({
      value: String(each.version),
      label: `Version ${each.version}${each.active ? ', live' : ''}`,
    })),
  ];
  const titleOf = (name: string) => choices.find((choice) => choice.value === name)?.label ?? name;
  const choose = (side: 'left' | 'right') => (value: string | null) =>
    void navigate({
      to: '.',
      search: { tab: 'compare', left, right, [side]: value ?? undefined },
      replace: true,
    });
  return (
    <Section
      title="Compare"
      actions={
        <>
          <Select
            size="xs"
            w={150}
            aria-label="Left version"
            data={choices}
            value={left}
            onChange={choose('left')}
          />
          <span className="bz-dim">with</span>
          <Select
            size="xs"
            w={150}
            aria-label="Right version"
            data={choices}
            value={right}
            onChange={choose('right')}
          />
        </>
      }
    >
      {before && after ? (
        <>
          <Counts before={before} after={after} />
          <Diff
            left={JSON.stringify(ordered(before), null, 2)}
            right={JSON.stringify(ordered(after), null, 2)}
            leftTitle={titleOf(left)}
            rightTitle={titleOf(right)}
          />
        </>
      ) : (
        <p className="bz-dim">One of these versions is not there. Choose two versions above.</p>
      )}
    </Section>
  );
}

/** Rules written with their keys in one order, the telling ones first. */
const ordered = (document: PolicyDocument) => ({
  mode: document.mode,
  rules: document.rules.map((rule) => ({
    id: rule.id,
    check: rule.check,
    enabled: rule.enabled,
    action: rule.action,
    threshold: rule.threshold,
    directions: rule.directions,
    authors: rule.authors,
    endpoints: rule.endpoints,
    coaching: rule.coaching,
    config: Object.fromEntries(Object.entries(rule.config).sort(([a], [b]) => (a < b ? -1 : 1))),
  })),
});

function Counts({ before, after }: { before: PolicyDocument; after: PolicyDocument }) {
  const changes = changesBetween(before, after);
  const counts: [number, string][] = [
    [changes.changed.length, 'changed'],
    [changes.added.length, 'added'],
    [changes.removed.length, 'removed'],
  ];
  return (
    <div className="bz-changes">
      {counts.map(([count, word]) => (
        <span key={word} className={count === 0 ? 'bz-dim' : undefined}>
          <b>{count}</b>
          {count === 1 ? 'rule' : 'rules'} {word}
        </span>
      ))}
      {changes.mode ? (
        <span>
          Mode: {before.mode} <span className="bz-arrow">→</span> {after.mode}
        </span>
      ) : null}
      {changes.moved ? <span>Order changed</span> : null}
    </div>
  );
}

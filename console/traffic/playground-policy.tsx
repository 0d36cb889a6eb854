import type { PolicySummary } from '@bartizan/contracts';
import { JsonInput, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { policyQuery } from '../app/queries.ts';
import type { PlayState } from './playground-state.ts';

interface ChoiceProps {
  readonly state: PlayState;
  readonly policies: readonly PolicySummary[];
  readonly onChange: (next: Partial<PlayState>) => void;
}

/** Which policy judges: a saved one, in any version, or a draft. */
export function PolicyChoice({ state, policies, onChange }: ChoiceProps) {
  return (
    <div className="bz-play-policy">
      <SegmentedControl
        size="xs"
        aria-label="Policy"
        value={state.source}
        onChange={(source) => onChange({ source: source as PlayState['source'] })}
        data={[
          { value: 'saved', label: 'Saved policy' },
          { value: 'draft', label: 'Draft' },
        ]}
      />
      {state.source === 'saved' ? (
        <>
          <Select
            size="xs"
            aria-label="Saved policy"
            placeholder={policies.length === 0 ? 'No policy yet' : 'Choose a policy'}
            data={policies.map((policy) => ({ value: policy.id, label: policy.name }))}
            value={state.policyId}
            onChange={(policyId) => onChange({ policyId, version: null })}
          />
          {state.policyId ? (
            <VersionSelect policyId={state.policyId} version={state.version} onChange={onChange} />
          ) : null}
        </>
      ) : (
        <JsonInput
          w="100%"
          size="xs"
          aria-label="Draft policy as JSON"
          placeholder={
            '{ "mode": "enforce", "rules": [{ "id": "injection", "check": "text/injection", "action": "block" }] }'
          }
          autosize
          minRows={3}
          maxRows={14}
          formatOnBlur
          validationError="This is not JSON yet"
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={state.draft}
          onChange={(draft) => onChange({ draft })}
        />
      )}
    </div>
  );
}

function VersionSelect({
  policyId,
  version,
  onChange,
}: {
  policyId: string;
  version: number | null;
  onChange: ChoiceProps['onChange'];
}) {
  const policy = useQuery(policyQuery(policyId));
  return (
    <Select
      size="xs"
      w={160}
      aria-label="Version"
      data={[
        { value: '', label: `Live${policy.data ? ` (version ${policy.data.activeVersion})` : ''}` },
        ...(policy.data?.versions.map((each) => ({
          value: String(each.version),
          label: `Version ${each.version}`,
        })) ?? []),
      ]}
      value={version === null ? '' : String(version)}
      onChange={(value) => onChange({ version: value ? Number(value) : null })}
    />
  );
}

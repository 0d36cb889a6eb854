import { AUTHORS, type CheckSummary, DIRECTIONS, PolicyRule } from '@bartizan/contracts';
import { Checkbox, Group, MultiSelect, Slider, Stack, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { endpointsQuery } from '../app/queries.ts';
import { Tag } from '../ui/page.tsx';
import { SchemaForm } from '../ui/schema-form.tsx';
import { AUTHOR_MEANINGS, AUTHOR_TITLES, DIRECTION_TITLES } from '../ui/segments.ts';

interface FieldsProps {
  readonly rule: PolicyRule;
  readonly check: CheckSummary | undefined;
  readonly taken: readonly string[];
  readonly disabled: boolean;
  readonly onChange: (rule: PolicyRule) => void;
}

/** Everything about one rule: what it looks at, when it acts, and the check's own settings. */
export function RuleFields({ rule, check, taken, disabled, onChange }: FieldsProps) {
  return (
    <>
      {check ? <About check={check} /> : null}
      <div className="bz-rule-config">
        <Scope rule={rule} check={check} disabled={disabled} taken={taken} onChange={onChange} />
        <div>
          <h3 style={{ marginBottom: 8 }}>Settings of the check</h3>
          {check ? (
            <SchemaForm
              schema={check.configSchema}
              value={rule.config}
              disabled={disabled}
              onChange={(config) => onChange({ ...rule, config })}
            />
          ) : (
            <p className="bz-dim">
              This server has no check called <code>{rule.check}</code>, so the rule cannot work.
            </p>
          )}
        </div>
      </div>
    </>
  );
}

function About({ check }: { check: CheckSummary }) {
  return (
    <p className="bz-dim" style={{ marginBottom: 12 }}>
      {check.description} <code>{check.id}</code>{' '}
      <span className="bz-tags">
        {check.maps.map((map) => (
          <Tag key={`${map.framework}${map.edition}${map.id}`} title={map.name}>
            {map.framework} {map.edition} {map.id}
          </Tag>
        ))}
      </span>
    </p>
  );
}

function Scope({ rule, check, taken, disabled, onChange }: FieldsProps) {
  const endpoints = useQuery(endpointsQuery);
  const idProblem = taken.includes(rule.id)
    ? 'Another rule has this name'
    : PolicyRule.shape.id.safeParse(rule.id).success
      ? undefined
      : 'Use lower-case letters, digits and hyphens';
  return (
    <Stack gap="sm">
      <TextInput
        label="Rule name"
        description="Shown in findings."
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        disabled={disabled}
        error={idProblem}
        value={rule.id}
        onChange={(event) => onChange({ ...rule, id: event.currentTarget.value })}
      />
      <Checkbox.Group
        label="Looks at"
        value={rule.directions}
        onChange={(value) =>
          value.length > 0 &&
          onChange({ ...rule, directions: DIRECTIONS.filter((each) => value.includes(each)) })
        }
      >
        <Group gap="md" mt={6}>
          {DIRECTIONS.map((each) => (
            <Checkbox
              key={each}
              size="xs"
              value={each}
              label={DIRECTION_TITLES[each]}
              disabled={disabled || (check !== undefined && !check.directions.includes(each))}
            />
          ))}
        </Group>
      </Checkbox.Group>
      <Checkbox.Group
        label="Written by"
        value={rule.authors}
        onChange={(value) =>
          value.length > 0 && onChange({ ...rule, authors: AUTHORS.filter((each) => value.includes(each)) })
        }
      >
        <Group gap="md" mt={6}>
          {AUTHORS.map((each) => (
            <Checkbox
              key={each}
              size="xs"
              value={each}
              label={AUTHOR_TITLES[each]}
              title={AUTHOR_MEANINGS[each]}
              disabled={disabled}
            />
          ))}
        </Group>
      </Checkbox.Group>
      <div>
        <div className="bz-label">
          Threshold: acts on findings scoring {rule.threshold.toFixed(2)} or more
        </div>
        <Slider
          thumbProps={{ 'aria-label': 'Threshold' }}
          min={0}
          max={1}
          step={0.01}
          size="sm"
          label={null}
          disabled={disabled}
          value={rule.threshold}
          onChange={(threshold) => onChange({ ...rule, threshold })}
        />
      </div>
      <MultiSelect
        label="Only for endpoints"
        placeholder={rule.endpoints.length === 0 ? 'Every endpoint that uses the policy' : undefined}
        clearable
        disabled={disabled}
        data={endpoints.data?.map((endpoint) => ({ value: endpoint.id, label: endpoint.slug })) ?? []}
        value={rule.endpoints}
        onChange={(value) => onChange({ ...rule, endpoints: value })}
      />
      <Textarea
        label="Coaching"
        description="Told to the caller when the rule blocks: what to do instead."
        autosize
        minRows={2}
        maxLength={500}
        disabled={disabled}
        value={rule.coaching}
        onChange={(event) => onChange({ ...rule, coaching: event.currentTarget.value })}
      />
    </Stack>
  );
}

import type { CheckSummary, PolicyRule } from '@bartizan/contracts';
import { ActionIcon, Select, Switch, Tooltip, UnstyledButton } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronDown,
  IconChevronRight,
  IconTrash,
} from '@tabler/icons-react';
import { AUTHOR_TITLES, DIRECTION_TITLES } from '../ui/segments.ts';
import { VERDICT_MARKS } from '../ui/verdict.tsx';
import { RuleFields } from './rule-fields.tsx';

interface CardProps {
  readonly rule: PolicyRule;
  /** From the catalogue; absent when this server does not know the check. */
  readonly check: CheckSummary | undefined;
  /** Ids of the other rules. */
  readonly taken: readonly string[];
  readonly opened: boolean;
  readonly disabled: boolean;
  readonly first: boolean;
  readonly last: boolean;
  readonly onToggle: () => void;
  readonly onChange: (rule: PolicyRule) => void;
  readonly onRemove: () => void;
  readonly onMove: (step: -1 | 1) => void;
}

export function RuleCard(props: CardProps) {
  const { rule, check, opened, disabled, onToggle, onChange } = props;
  const actions = (check?.actions ?? ['allow', 'flag', 'redact', 'block']).map((value) => ({
    value,
    label: VERDICT_MARKS[value].word,
  }));
  return (
    <div className="bz-card" data-off={!rule.enabled}>
      <header>
        <Switch
          size="xs"
          aria-label={`Rule ${rule.id} on`}
          checked={rule.enabled}
          disabled={disabled}
          onChange={(event) => onChange({ ...rule, enabled: event.currentTarget.checked })}
        />
        <UnstyledButton className="bz-grow" aria-expanded={opened} onClick={onToggle}>
          {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}{' '}
          <b>{check?.title ?? rule.check}</b> <span className="bz-dim bz-mono">{rule.id}</span>
          <div className="bz-dim bz-note" style={{ paddingLeft: 18 }}>
            {inWords(rule)}
          </div>
        </UnstyledButton>
        <span className="bz-dim">acts from {rule.threshold.toFixed(2)}</span>
        <Select
          size="xs"
          w={112}
          aria-label={`Action of rule ${rule.id}`}
          data={actions}
          disabled={disabled}
          value={rule.action}
          onChange={(action) => action && onChange({ ...rule, action: action as PolicyRule['action'] })}
        />
        {disabled ? null : <Tools {...props} />}
      </header>
      {opened ? (
        <div className="bz-card-body">
          <RuleFields rule={rule} check={check} taken={props.taken} disabled={disabled} onChange={onChange} />
        </div>
      ) : null}
    </div>
  );
}

function Tools({ rule, first, last, onMove, onRemove }: CardProps) {
  return (
    <>
      <Tooltip label="Move up">
        <ActionIcon aria-label={`Move rule ${rule.id} up`} disabled={first} onClick={() => onMove(-1)}>
          <IconArrowUp size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Move down">
        <ActionIcon aria-label={`Move rule ${rule.id} down`} disabled={last} onClick={() => onMove(1)}>
          <IconArrowDown size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Remove rule">
        <ActionIcon aria-label={`Remove rule ${rule.id}`} onClick={onRemove}>
          <IconTrash size={16} />
        </ActionIcon>
      </Tooltip>
    </>
  );
}

/** "Request and answer; written by user, third party; every endpoint". */
function inWords(rule: PolicyRule): string {
  const directions = rule.directions
    .map((each, index) => (index === 0 ? DIRECTION_TITLES[each] : DIRECTION_TITLES[each].toLowerCase()))
    .join(' and ');
  const authors = rule.authors.map((each) => AUTHOR_TITLES[each].toLowerCase()).join(', ');
  const endpoints =
    rule.endpoints.length === 0
      ? ''
      : `, only ${rule.endpoints.length === 1 ? '1 endpoint' : `${rule.endpoints.length} endpoints`}`;
  return `${directions}, written by ${authors}${endpoints}`;
}

import { type GroupMapping, ROLES } from '@bartizan/contracts';
import { ActionIcon, Button, MultiSelect, TextInput } from '@mantine/core';
import type { FormErrors } from '@mantine/form';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { teamsQuery } from '../../app/queries.ts';
import { RoleSelect } from './role-select.tsx';

interface GroupMappingsProps {
  readonly mappings: readonly GroupMapping[];
  readonly errors: FormErrors;
  readonly onChange: (mappings: GroupMapping[]) => void;
}

/** Groups of the directory, and the roles and teams that their members get. */
export function GroupMappings({ mappings, errors, onChange }: GroupMappingsProps) {
  const teams = useQuery(teamsQuery);
  const set = (index: number, change: Partial<GroupMapping>) =>
    onChange(mappings.map((mapping, at) => (at === index ? { ...mapping, ...change } : mapping)));
  return (
    <div>
      {mappings.map((mapping, index) => (
        <div key={index} className="bz-mapping">
          <TextInput
            aria-label="Group"
            placeholder="Name or id of the group"
            value={mapping.group}
            error={errors[`groups.${index}.group`]}
            onChange={(event) => set(index, { group: event.currentTarget.value })}
          />
          <RoleSelect
            aria-label="Roles"
            placeholder={mapping.roles.length === 0 ? 'Roles' : ''}
            roles={ROLES}
            value={mapping.roles}
            onChange={(roles) => set(index, { roles })}
          />
          <MultiSelect
            aria-label="Teams"
            placeholder={mapping.teams.length === 0 ? 'Teams' : ''}
            data={(teams.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={mapping.teams}
            onChange={(chosen) => set(index, { teams: chosen })}
          />
          <ActionIcon
            aria-label={`Remove the mapping of ${mapping.group || 'this group'}`}
            onClick={() => onChange(mappings.filter((_, at) => at !== index))}
          >
            <IconX size={14} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange([...mappings, { group: '', roles: [], teams: [] }])}
      >
        Map a group
      </Button>
      {errors.groups ? (
        <p role="alert" className="bz-error">
          {errors.groups}
        </p>
      ) : null}
    </div>
  );
}

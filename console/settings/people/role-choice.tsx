import { ROLES, type Role } from '@bartizan/contracts';
import { Checkbox, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { ROLE_SUMMARIES, ROLE_TITLES } from '../../ui/roles.ts';

interface RoleChoiceProps {
  readonly value: Role[];
  readonly onChange: (roles: Role[]) => void;
  readonly error?: ReactNode;
}

export function RoleChoice({ value, onChange, error }: RoleChoiceProps) {
  return (
    <Checkbox.Group
      label="Roles"
      required
      value={value}
      error={error}
      onChange={(chosen) => onChange(ROLES.filter((role) => chosen.includes(role)))}
    >
      <Stack gap={8} mt={6} mb={4}>
        {ROLES.map((role) => (
          <Checkbox
            key={role}
            size="xs"
            value={role}
            label={ROLE_TITLES[role]}
            description={ROLE_SUMMARIES[role]}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

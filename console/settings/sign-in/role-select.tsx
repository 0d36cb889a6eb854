import type { Role } from '@bartizan/contracts';
import { MultiSelect } from '@mantine/core';
import type { ReactNode } from 'react';
import { ROLE_TITLES } from '../../ui/roles.ts';

interface RoleSelectProps {
  readonly label?: ReactNode;
  readonly 'aria-label'?: string;
  readonly description?: ReactNode;
  readonly placeholder?: string;
  readonly roles: readonly Role[];
  readonly value?: Role[];
  readonly error?: ReactNode;
  readonly onChange?: (roles: Role[]) => void;
}

/** Several roles in one line. */
export function RoleSelect({ roles, onChange, ...props }: RoleSelectProps) {
  return (
    <MultiSelect
      {...props}
      data={roles.map((role) => ({ value: role, label: ROLE_TITLES[role] }))}
      onChange={(chosen) => onChange?.(chosen as Role[])}
    />
  );
}

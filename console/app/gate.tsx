import type { Permission } from '@bartizan/contracts';
import type { ReactNode } from 'react';
import { NoPermission } from '../ui/states.tsx';
import { useMay } from './session.ts';

/** Shows its children to those who may, and says which role may to all others. */
export function Gate({ permission, children }: { permission: Permission; children: ReactNode }) {
  return useMay(permission) ? children : <NoPermission permission={permission} />;
}

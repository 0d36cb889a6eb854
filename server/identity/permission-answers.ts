import {
  ALL_PERMISSIONS,
  allows,
  PERMISSIONS,
  type Permission,
  type PermissionAnswer,
  ROLES,
  type Role,
} from '@bartizan/contracts';
import type { Principal } from '../platform/http/index.ts';

const list = (roles: readonly Role[]): string => roles.join(', ');

function reasonFor(principal: Principal, permission: Permission, through: readonly Role[]): string {
  const granted = principal.permissions.has(permission);
  if (principal.kind === 'key') {
    return granted
      ? 'this key has the scope, and its owner may do it'
      : 'this key does not have the scope, or its owner may not do it any more';
  }
  if (granted && principal.mustEnrol) return 'your role grants it, once you have set up a second factor';
  if (granted) return `your role ${list(through)} grants it`;
  const grantedBy = ROLES.filter((role) => allows([role], permission));
  return `it takes ${grantedBy.length === 1 ? 'the role' : 'one of the roles'} ${list(grantedBy)}; ask an administrator`;
}

/** What the caller may do and what not, each with the reason; the table of contracts/permissions.ts as they meet it. */
export function permissionAnswers(principal: Principal): PermissionAnswer[] {
  return ALL_PERMISSIONS.map((permission) => {
    const through = principal.roles.filter((role) => allows([role], permission));
    return {
      permission,
      title: PERMISSIONS[permission],
      granted: principal.permissions.has(permission) && !principal.mustEnrol,
      through,
      grantedBy: ROLES.filter((role) => allows([role], permission)),
      reason: reasonFor(principal, permission, through),
    };
  });
}

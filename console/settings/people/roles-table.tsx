import { ALL_PERMISSIONS, PERMISSIONS, ROLE_PERMISSIONS, ROLES } from '@bartizan/contracts';
import { IconCheck } from '@tabler/icons-react';
import { Section } from '../../ui/page.tsx';
import { ROLE_SUMMARIES, ROLE_TITLES } from '../../ui/roles.ts';

/** The one table of permissions, as the server enforces it. */
export function RolesTable() {
  return (
    <Section
      flush
      title="What roles may do"
      description="A person with several roles may do what any of them may."
    >
      <table className="bz-matrix">
        <thead>
          <tr>
            <th scope="col">Permission</th>
            {ROLES.map((role) => (
              <th scope="col" key={role} title={ROLE_SUMMARIES[role]}>
                {ROLE_TITLES[role]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ALL_PERMISSIONS.map((permission) => (
            <tr key={permission}>
              <th scope="row">
                {PERMISSIONS[permission]} <span className="bz-dim bz-mono">{permission}</span>
              </th>
              {ROLES.map((role) => {
                const may = ROLE_PERMISSIONS[role].includes(permission);
                return (
                  <td key={role}>
                    {may ? <IconCheck size={16} aria-hidden style={{ color: 'var(--bz-allow)' }} /> : null}
                    <span className="bz-hidden">{may ? 'yes' : 'no'}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

import { identityRoutes } from '@bartizan/contracts';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { Section } from '../ui/page.tsx';
import { ROLE_TITLES } from '../ui/roles.ts';
import { QueryView } from '../ui/states.tsx';

/** What one may do and what not, each with the reason. */
export function OwnPermissions() {
  const query = useQuery({
    queryKey: ['me', 'permissions'],
    queryFn: async ({ signal }) => (await api.call(identityRoutes.permissions, { signal })).items,
  });
  return (
    <Section flush title="What you may do" description="And what not, and which role would let you.">
      <QueryView query={query}>
        {(items) => (
          <table className="bz-table">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">You may</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.permission}>
                  <td>
                    {item.title} <span className="bz-dim bz-mono">{item.permission}</span>
                  </td>
                  <td>
                    <span className="bz-verdict" data-tone={item.granted ? 'allow' : 'neutral'}>
                      {item.granted ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
                      {item.granted ? 'yes' : 'no'}
                    </span>
                  </td>
                  <td>
                    {item.granted && item.through.length > 0
                      ? `as ${item.through.map((role) => ROLE_TITLES[role]).join(', ')}`
                      : item.reason}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </QueryView>
    </Section>
  );
}

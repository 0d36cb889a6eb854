import { federationRoutes, ROLES, type Role, type ScimGroup, type ScimSettings } from '@bartizan/contracts';
import { MultiSelect } from '@mantine/core';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { teamsQuery } from '../../app/queries.ts';
import { CopyableId } from '../../ui/copy.tsx';
import { Facts, Section } from '../../ui/page.tsx';
import { QueryView } from '../../ui/states.tsx';
import { toast, toastFailure } from '../../ui/toast.ts';
import { RoleSelect } from './role-select.tsx';
import { ScimTokens } from './scim-tokens.tsx';

const scimQuery = queryOptions({
  queryKey: ['scim'],
  queryFn: ({ signal }) => api.call(federationRoutes.scimSettings, { signal }),
});

/** SCIM: the directory makes, changes and ends accounts by itself. */
export function Provisioning({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(scimQuery);
  return (
    <QueryView query={query}>
      {(settings) => (
        <>
          <Address settings={settings} mayManage={mayManage} />
          <ScimTokens mayManage={mayManage} />
          <Groups groups={settings.groups} mayManage={mayManage} />
        </>
      )}
    </QueryView>
  );
}

interface PartProps {
  readonly mayManage: boolean;
}

/** Takes over what the server answers with, and says so. */
function useScimChange<T>(call: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: scimQuery.queryKey });
      toast('Saved');
    },
    onError: toastFailure,
  });
}

function Address({ settings, mayManage }: PartProps & { settings: ScimSettings }) {
  const change = useScimChange((defaultRoles: Role[]) =>
    api.call(federationRoutes.updateScimSettings, { body: { defaultRoles } }),
  );
  return (
    <Section
      title="Provisioning (SCIM 2.0)"
      description="Your directory makes accounts here and ends them: whom it takes away loses sessions and keys at once."
    >
      <Facts
        items={[
          ['Address to enter there', <CopyableId key="url" value={settings.baseUrl} />],
          ['Provisioned people', settings.people],
          [
            'Roles when no group gives any',
            mayManage ? (
              <RoleSelect
                key="roles"
                aria-label="Roles when no group gives any"
                placeholder={settings.defaultRoles.length === 0 ? 'None: no access' : ''}
                roles={ROLES}
                value={settings.defaultRoles}
                onChange={(roles) => change.mutate(roles)}
              />
            ) : (
              settings.defaultRoles.join(', ') || 'none'
            ),
          ],
        ]}
      />
    </Section>
  );
}

function Groups({ groups, mayManage }: PartProps & { groups: readonly ScimGroup[] }) {
  const teams = useQuery(teamsQuery);
  const change = useScimChange(({ id, roles, teams: chosen }: Pick<ScimGroup, 'id' | 'roles' | 'teams'>) =>
    api.call(federationRoutes.mapScimGroup, { params: { id }, body: { roles, teams: chosen } }),
  );
  return (
    <Section flush title="Pushed groups" description="What members of a group get here.">
      {groups.length === 0 ? (
        <p className="bz-dim" style={{ padding: '0 16px 16px' }}>
          The directory has not pushed any yet.
        </p>
      ) : (
        <table className="bz-table">
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col">Members</th>
              <th scope="col">Roles</th>
              <th scope="col">Teams</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={group.id}>
                <td>{group.name}</td>
                <td>{group.members}</td>
                <td>
                  <RoleSelect
                    aria-label={`Roles of ${group.name}`}
                    roles={ROLES}
                    value={group.roles}
                    onChange={(roles) => mayManage && change.mutate({ ...group, roles })}
                  />
                </td>
                <td>
                  <MultiSelect
                    aria-label={`Teams of ${group.name}`}
                    disabled={!mayManage}
                    data={(teams.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
                    value={group.teams}
                    onChange={(chosen) => change.mutate({ ...group, teams: chosen })}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

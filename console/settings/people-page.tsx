import type { Person } from '@bartizan/contracts';
import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconDots, IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Gate } from '../app/gate.tsx';
import { peopleQuery } from '../app/queries.ts';
import { meQuery, useMay } from '../app/session.ts';
import { LinkTabs } from '../ui/link-tabs.tsx';
import { Page, Tag } from '../ui/page.tsx';
import { ROLE_TITLES } from '../ui/roles.ts';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { DisableDialog, EditPersonDialog } from './person-dialogs.tsx';
import { RolesTable } from './roles-table.tsx';
import './settings.css';

const route = getRouteApi('/house/settings/people');

export function PeoplePage() {
  const { tab = 'people' } = route.useSearch();
  const mayManage = useMay('people.manage');
  const [inviting, setInviting] = useState(false);
  return (
    <Gate permission="people.read">
      <Page
        title="People"
        description="Everyone with an account, and what their roles let them do."
        actions={
          mayManage ? (
            <Button leftSection={<IconUserPlus size={14} />} onClick={() => setInviting(true)}>
              Invite a person
            </Button>
          ) : null
        }
      >
        <LinkTabs
          label="People"
          current={tab}
          tabs={[
            { value: 'people', label: 'People' },
            { value: 'roles', label: 'What roles may do' },
          ]}
        />
        {tab === 'roles' ? <RolesTable /> : <PeopleTable mayManage={mayManage} />}
        <InviteDialog opened={inviting} onClose={() => setInviting(false)} />
      </Page>
    </Gate>
  );
}

function PeopleTable({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(peopleQuery);
  const me = useQuery(meQuery);
  const [editing, setEditing] = useState<Person | null>(null);
  const [disabling, setDisabling] = useState<Person | null>(null);
  return (
    <QueryView query={query}>
      {(people) => (
        <div className="bz-list">
          <table className="bz-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">E-mail</th>
                <th scope="col">Roles</th>
                <th scope="col">Last seen</th>
                <th scope="col">Since</th>
                <th scope="col">
                  <span className="bz-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {people.map((person) => (
                <tr key={person.id}>
                  <td>
                    <b>{person.name}</b> {person.id === me.data?.id ? <Tag>you</Tag> : null}{' '}
                    {person.disabled ? <Tag>disabled</Tag> : null}
                  </td>
                  <td>{person.email}</td>
                  <td>{person.roles.map((role) => ROLE_TITLES[role]).join(', ')}</td>
                  <td>
                    <RelativeTime at={person.lastSeenAt} never="has not signed in yet" />
                  </td>
                  <td>
                    <RelativeTime at={person.createdAt} />
                  </td>
                  <td className="bz-num">
                    {mayManage ? (
                      <Menu>
                        <Menu.Target>
                          <ActionIcon aria-label={`Actions for ${person.name}`}>
                            <IconDots size={16} />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => setEditing(person)}>Change name and roles</Menu.Item>
                          {person.id === me.data?.id ? null : (
                            <Menu.Item
                              color={person.disabled ? undefined : 'red'}
                              onClick={() => setDisabling(person)}
                            >
                              {person.disabled ? 'Enable again' : 'Disable'}
                            </Menu.Item>
                          )}
                        </Menu.Dropdown>
                      </Menu>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <EditPersonDialog person={editing} onClose={() => setEditing(null)} />
          <DisableDialog person={disabling} onClose={() => setDisabling(null)} />
        </div>
      )}
    </QueryView>
  );
}

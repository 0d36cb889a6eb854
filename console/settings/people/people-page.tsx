import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Gate } from '../../app/gate.tsx';
import { peopleQuery } from '../../app/queries.ts';
import { meQuery, useMay } from '../../app/session.ts';
import { knownTab, LinkTabs } from '../../ui/link-tabs.tsx';
import { Page, Tag } from '../../ui/page.tsx';
import { ROLE_TITLES } from '../../ui/roles.ts';
import { QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { BreakGlassDialog } from './break-glass-dialog.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { PersonMenu } from './person-menu.tsx';
import { RolesTable } from './roles-table.tsx';
import { Teams } from './teams.tsx';
import '../settings.css';

const route = getRouteApi('/house/settings/people');

export function PeoplePage() {
  const tab = knownTab(route.useSearch().tab, ['people', 'teams', 'roles']);
  const mayManage = useMay('people.manage');
  return (
    <Gate permission="people.read">
      <Page
        title="People"
        description="Everyone with an account, and what their roles let them do."
        actions={mayManage ? <AddPeople /> : null}
      >
        <LinkTabs
          label="People"
          current={tab}
          tabs={[
            { value: 'people', label: 'People' },
            { value: 'teams', label: 'Teams' },
            { value: 'roles', label: 'What roles may do' },
          ]}
        />
        {tab === 'people' ? <PeopleTable mayManage={mayManage} /> : null}
        {tab === 'teams' ? <Teams mayManage={mayManage} /> : null}
        {tab === 'roles' ? <RolesTable /> : null}
      </Page>
    </Gate>
  );
}

function AddPeople() {
  const [opened, setOpened] = useState<'invite' | 'break-glass' | null>(null);
  const close = () => setOpened(null);
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpened('break-glass')}>Make an emergency account</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button leftSection={<IconUserPlus size={14} />} onClick={() => setOpened('invite')}>
        Invite a person
      </Button>
      <InviteDialog opened={opened === 'invite'} onClose={close} />
      <BreakGlassDialog opened={opened === 'break-glass'} onClose={close} />
    </>
  );
}

function PeopleTable({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(peopleQuery);
  const me = useQuery(meQuery);
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
                <th scope="col">Teams</th>
                <th scope="col">Second factor</th>
                <th scope="col">Last seen</th>
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
                    {person.disabled ? <Tag>disabled</Tag> : null}{' '}
                    {person.breakGlass ? <Tag title="Its use raises an alarm">emergency</Tag> : null}
                  </td>
                  <td>{person.email}</td>
                  <td>{person.roles.map((role) => ROLE_TITLES[role]).join(', ')}</td>
                  <td>{person.teams.map(({ name }) => name).join(', ') || '–'}</td>
                  <td>{person.secondFactor ? 'yes' : 'no'}</td>
                  <td>
                    <RelativeTime at={person.lastSeenAt} never="has not signed in yet" />
                  </td>
                  <td className="bz-num">
                    {mayManage ? <PersonMenu person={person} own={person.id === me.data?.id} /> : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </QueryView>
  );
}

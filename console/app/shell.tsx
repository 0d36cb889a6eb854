import { identityRoutes } from '@bartizan/contracts';
import {
  ActionIcon,
  Menu,
  SegmentedControl,
  UnstyledButton,
  useMantineColorScheme,
  VisuallyHidden,
} from '@mantine/core';
import {
  IconChevronUp,
  IconDeviceDesktop,
  IconLogout,
  IconMenu2,
  IconMoon,
  IconSun,
  IconUserCircle,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ROLE_TITLES } from '../ui/roles.ts';
import { toastFailure } from '../ui/toast.ts';
import { Alarms } from './alarms.tsx';
import { api, queryClient } from './api.ts';
import { DisconnectedBanner } from './disconnected.tsx';
import { Questions } from './questions.tsx';
import { ROOMS } from './rooms.ts';
import { meQuery } from './session.ts';

/** The frame of every page for people who are signed in. */
export function Shell() {
  const [opened, setOpened] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => setOpened(false), [path]);
  return (
    <div className="bz-shell">
      <a className="bz-skip" href="#main">
        Skip to content
      </a>
      <div className="bz-topbar">
        <ActionIcon aria-label="Menu" aria-expanded={opened} onClick={() => setOpened((value) => !value)}>
          <IconMenu2 size={18} />
        </ActionIcon>
        <Brand />
      </div>
      <aside className="bz-nav" data-opened={opened}>
        <Brand />
        <Navigation />
        <AccountMenu />
      </aside>
      <main id="main" tabIndex={-1}>
        <DisconnectedBanner />
        <Alarms />
        <Outlet />
      </main>
      <Questions />
    </div>
  );
}

export const Brand = () => (
  <Link to="/" className="bz-brand">
    <img src="/icon.svg" alt="" width={20} height={20} />
    Bartizan
  </Link>
);

function Navigation() {
  const { data: me } = useQuery(meQuery);
  return (
    <nav aria-label="Rooms">
      {ROOMS.map((group) => {
        const rooms = group.rooms.filter((room) => me?.permissions.includes(room.permission));
        if (rooms.length === 0) return null;
        return (
          <div key={group.title ?? ''} className="bz-nav-group">
            {group.title ? <h2>{group.title}</h2> : null}
            <ul>
              {rooms.map((room) => (
                <li key={room.to}>
                  <Link to={room.to} activeOptions={{ exact: room.to === '/', includeSearch: false }}>
                    <room.icon size={16} stroke={1.75} aria-hidden />
                    {room.title}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

function AccountMenu() {
  const { data: me } = useQuery(meQuery);
  const navigate = useNavigate();
  const signOut = async () => {
    try {
      await api.call(identityRoutes.logout, {});
    } catch (error) {
      toastFailure(error);
      return;
    }
    await navigate({ to: '/sign-in' });
    queryClient.clear();
  };
  return (
    <div className="bz-account">
      <Menu position="top-start" width={232}>
        <Menu.Target>
          <UnstyledButton className="bz-account-button">
            <IconUserCircle size={20} stroke={1.5} aria-hidden />
            <span>
              <b>{me?.name}</b>
              <small>{me?.roles.map((role) => ROLE_TITLES[role]).join(', ')}</small>
            </span>
            <VisuallyHidden>Account menu</VisuallyHidden>
            <IconChevronUp size={14} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{me?.email}</Menu.Label>
          <Menu.Item
            renderRoot={(props) => <Link to="/account" {...props} />}
            leftSection={<IconUserCircle size={16} />}
          >
            Account and second factor
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>Theme</Menu.Label>
          <ThemeChoice />
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

function ThemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const option = (value: string, Icon: typeof IconSun, word: string) => ({
    value,
    label: (
      <span className="bz-theme-option">
        <Icon size={14} aria-hidden />
        {word}
      </span>
    ),
  });
  return (
    <div style={{ padding: '0 8px 8px' }}>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label="Theme"
        value={colorScheme}
        onChange={(value) => setColorScheme(value as typeof colorScheme)}
        data={[
          option('light', IconSun, 'Light'),
          option('dark', IconMoon, 'Dark'),
          option('auto', IconDeviceDesktop, 'Auto'),
        ]}
      />
    </div>
  );
}

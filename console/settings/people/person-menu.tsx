import { factorRoutes, type Person } from '@bartizan/contracts';
import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { formatExact } from '../../ui/format.ts';
import { type OneTime, OneTimeDialog } from '../../ui/one-time.tsx';
import { toast } from '../../ui/toast.ts';
import { DisableDialog, EditPersonDialog } from './person-dialogs.tsx';
import { SessionsDialog } from './sessions-dialog.tsx';

type Act = 'edit' | 'sessions' | 'reset-link' | 'reset-factors' | 'rotate' | 'disable';

/** What an administrator may do with a person; their own account they change under Account. */
export function PersonMenu({ person, own }: { person: Person; own: boolean }) {
  const [act, setAct] = useState<Act | null>(null);
  const [shown, setShown] = useState<OneTime | null>(null);
  const close = () => setAct(null);
  const item = (what: Act, words: string, color?: string) => (
    <Menu.Item color={color} onClick={() => setAct(what)}>
      {words}
    </Menu.Item>
  );
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={`Actions for ${person.name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {item('edit', 'Change name and roles')}
          {item('sessions', 'Sessions')}
          {own || person.breakGlass ? null : item('reset-link', 'Make a password reset link')}
          {own || !person.secondFactor ? null : item('reset-factors', 'Remove second factors')}
          {person.breakGlass ? item('rotate', 'Make a new emergency password') : null}
          {own
            ? null
            : item(
                'disable',
                person.disabled ? 'Enable again' : 'Disable',
                person.disabled ? undefined : 'red',
              )}
        </Menu.Dropdown>
      </Menu>
      <EditPersonDialog person={act === 'edit' ? person : null} onClose={close} />
      <SessionsDialog person={act === 'sessions' ? person : null} onClose={close} />
      <DisableDialog person={act === 'disable' ? person : null} onClose={close} />
      <SecretActs person={person} act={act} onClose={close} onShown={setShown} />
      <OneTimeDialog shown={shown} onClose={() => setShown(null)} />
    </>
  );
}

interface SecretActsProps {
  readonly person: Person;
  readonly act: Act | null;
  readonly onClose: () => void;
  readonly onShown: (shown: OneTime) => void;
}

/** The acts that end in something to pass on, or that take a protection away. */
function SecretActs({ person, act, onClose, onShown }: SecretActsProps) {
  const client = useQueryClient();
  const params = { id: person.id };
  const refresh = () => client.invalidateQueries({ queryKey: ['people'] });
  return (
    <>
      <Confirm
        opened={act === 'reset-link'}
        title={`Make a password reset link for ${person.name}?`}
        verb="Make the link"
        onClose={onClose}
        onConfirm={async () => {
          const { url, expiresAt } = await api.call(factorRoutes.resetLink, { params });
          onShown({
            title: `Pass this link on to ${person.name}`,
            label: 'Reset link',
            value: url,
            note: `It works once, until ${formatExact(expiresAt)}, and lets ${person.name} choose a new password. A second factor is still asked for. Bartizan does not send it.`,
          });
        }}
      >
        <p>Their sessions end at once. Be sure that it is really them who asked.</p>
      </Confirm>
      <Confirm
        opened={act === 'reset-factors'}
        title={`Remove the second factors of ${person.name}?`}
        verb="Remove the factors"
        name={person.email}
        onClose={onClose}
        onConfirm={async () => {
          await api.call(factorRoutes.resetFactors, { params });
          await refresh();
          toast(`${person.name} signs in with the password alone until a new factor is set up`);
        }}
      >
        <p>
          Authenticator app, passkeys and recovery codes stop working, and their sessions end. Be sure that it
          is really them who asked: this is what somebody who stole the password would ask for.
        </p>
      </Confirm>
      <Confirm
        opened={act === 'rotate'}
        title={`Make a new password for ${person.name}?`}
        verb="Make a new password"
        onClose={onClose}
        onConfirm={async () => {
          const { password } = await api.call(factorRoutes.rotateBreakGlass, { params });
          onShown(emergencyPassword(person.name, password));
        }}
      >
        <p>The old one stops working, and its sessions end.</p>
      </Confirm>
    </>
  );
}

export const emergencyPassword = (name: string, password: string): OneTime => ({
  title: `Emergency password of ${name}`,
  label: 'Emergency password',
  value: password,
  note: 'Print it, seal it, and keep it where two people must agree to fetch it. Its use raises an alarm. It is not shown again.',
});

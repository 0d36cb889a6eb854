import type { Session } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import type { z } from 'zod';
import { Tag } from '../ui/page.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { deviceInWords } from './device.ts';

interface SessionTableProps {
  readonly sessions: readonly z.infer<typeof Session>[];
  /** The session that is being ended, if one is. */
  readonly ending: string | null;
  readonly onEnd: (id: string) => void;
}

/** Where somebody is signed in. The session that shows it cannot be ended from here: that is signing out. */
export function SessionTable({ sessions, ending, onEnd }: SessionTableProps) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Device</th>
          <th scope="col">Address</th>
          <th scope="col">Last seen</th>
          <th scope="col">Since</th>
          <th scope="col">Ends</th>
          <th scope="col">
            <span className="bz-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id}>
            <td title={session.userAgent ?? undefined}>
              {deviceInWords(session.userAgent)} {session.current ? <Tag>this one</Tag> : null}
            </td>
            <td>{session.address ?? '–'}</td>
            <td>
              <RelativeTime at={session.lastSeenAt} />
            </td>
            <td>
              <RelativeTime at={session.createdAt} />
            </td>
            <td>
              <RelativeTime at={session.expiresAt} />
            </td>
            <td className="bz-num">
              {session.current ? null : (
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={ending === session.id}
                  onClick={() => onEnd(session.id)}
                >
                  End
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

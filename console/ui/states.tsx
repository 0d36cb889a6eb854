import { type Permission, ROLE_PERMISSIONS, ROLES } from '@bartizan/contracts';
import { ApiFailure } from '@bartizan/contracts/client.ts';
import { Button, Skeleton } from '@mantine/core';
import { IconAlertTriangle, IconLock, IconMoodEmpty, type TablerIcon } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { CopyableId } from './copy.tsx';
import { sentence } from './format.ts';
import { ROLE_TITLES } from './roles.ts';

interface StateProps {
  readonly icon?: TablerIcon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

function State({ icon: Icon = IconMoodEmpty, title, children, action }: StateProps) {
  return (
    <div className="bz-state">
      <Icon size={28} stroke={1.5} aria-hidden />
      <h2>{title}</h2>
      {children}
      {action}
    </div>
  );
}

/** What will be here, in one sentence, and the next step. */
export function EmptyState({ title, children, action, icon }: StateProps) {
  return (
    <State title={title} icon={icon} action={action}>
      {children ? <p>{children}</p> : null}
    </State>
  );
}

/** Which role may, when the viewer may not. */
export function NoPermission({ permission }: { permission: Permission }) {
  const may = ROLES.filter((role) => ROLE_PERMISSIONS[role].includes(permission)).map((r) => ROLE_TITLES[r]);
  return (
    <State icon={IconLock} title="Your role does not include this">
      <p>
        It needs the permission <code>{permission}</code>, which{' '}
        {may.length === 1 ? 'the role' : 'these roles'} have: {may.join(', ')}. Ask an administrator to change
        your roles under Settings → People.
      </p>
    </State>
  );
}

/** What happened, what to do, and the request id to look it up with. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const failure = error instanceof ApiFailure ? error : null;
  const gone = failure !== null && isGone(failure);
  return (
    <div role="alert">
      <State
        icon={failure?.status === 403 ? IconLock : IconAlertTriangle}
        title={titleOf(failure)}
        action={
          retry && !gone ? (
            <Button variant="default" onClick={retry}>
              Try again
            </Button>
          ) : null
        }
      >
        <p>
          {gone && failure.status !== 404
            ? 'Nothing can have this address: the link is damaged.'
            : error instanceof Error
              ? sentence(error.message)
              : 'An unknown fault.'}
        </p>
        {failure?.body.hint ? <p>{failure.body.hint}</p> : null}
        {failure?.body.requestId ? (
          <p className="bz-dim">
            Request <CopyableId value={failure.body.requestId} />
          </p>
        ) : null}
      </State>
    </div>
  );
}

/** No such thing, or an address that cannot be one's: trying again would not help. */
const isGone = ({ status, body }: ApiFailure): boolean =>
  status === 404 || (status === 400 && (body.issues?.some((issue) => issue.path === 'id') ?? false));

function titleOf(failure: ApiFailure | null): string {
  if (failure === null) return 'This page ran into a fault';
  if (failure.status === 0) return 'Bartizan does not answer';
  if (failure.status === 403) return 'Your role does not include this';
  if (isGone(failure)) return 'This is not here';
  return 'The server could not do this';
}

/** Skeleton lines in the shape of a list. */
export function ListSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div className="bz-skeleton" aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={20} width={`${92 - ((index * 7) % 30)}%`} />
      ))}
    </div>
  );
}

interface QueryViewProps<T> {
  readonly query: UseQueryResult<T>;
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** The three states of something that is fetched. Data that is there stays visible when a refresh fails. */
export function QueryView<T>({ query, skeleton = <ListSkeleton />, children }: QueryViewProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return skeleton;
}

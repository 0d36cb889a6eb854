import { Button } from '@mantine/core';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorState } from '../ui/states.tsx';

export function NotFoundPage() {
  return (
    <Page title="Not found">
      <EmptyState
        title="No page has this address"
        action={
          <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
            Go to the overview
          </Button>
        }
      >
        The link may be old, or what it named was removed.
      </EmptyState>
    </Page>
  );
}

/** What is shown when a page could not be drawn at all. */
export function FaultPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="Fault">
      <ErrorState error={error} retry={retry} />
    </Page>
  );
}

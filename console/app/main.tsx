import './styles.ts';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient, whenSignedOut } from './api.ts';
import { router } from './router.tsx';
import { theme, variables } from './theme.ts';

const PUBLIC_PAGES = /^\/(?:sign-in|setup|invite|reset)$/;

// A session may end at any moment: go to the sign-in page and come back to the same place after it.
whenSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (PUBLIC_PAGES.test(pathname)) return;
  queryClient.removeQueries({ queryKey: ['me'] });
  void router.navigate({ to: '/sign-in', search: { next: href === '/' ? undefined : href } });
});

const holder = document.getElementById('root');
if (holder === null) throw new Error('the page has no element with the id root');
createRoot(holder).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);

/** Draws a part of the page inside what the app gives it: a router at one address and an empty cache. */
import { QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { queryClient } from '@/lib/queryClient';

export async function renderInApp(element: ReactNode) {
  const rootRoute = createRootRoute({ component: () => <>{element}</> });
  const router = createRouter({
    routeTree: rootRoute,
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  await router.load();
  const view = render(
    <QueryClientProvider client={queryClient}>
      {/* biome-ignore lint/suspicious/noExplicitAny: the registered router is the app's own, this one is a stand-in */}
      <RouterProvider router={router as any} />
    </QueryClientProvider>,
  );
  return { ...view, router };
}

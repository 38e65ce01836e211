/** Every address of the page. Chat is in the first load; the rest comes when it is opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { useAuthSession } from '@/lib/authSession';
import { ChatRoute, NewChatRoute } from '@/routes/chat';
import { AppShell } from './AppShell';
import { NotFound } from './NotFound';
import { PageError } from './PageError';

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const isSafePath = (path: unknown): path is string =>
  typeof path === 'string' && path.startsWith('/') && !path.startsWith('//') && !path.includes('\\');

/** Pages for people who are signed in; others are sent to sign in and brought back. */
const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  component: AppShell,
  beforeLoad: ({ location }) => {
    const { status, user, hasLeft } = useAuthSession.getState();
    if (status !== 'signed-in') {
      const next = hasLeft || location.href === '/' ? undefined : location.href;
      throw redirect({ to: '/sign-in', search: next ? { next } : {} });
    }
    if (user?.must_change_password) throw redirect({ to: '/change-password' });
  },
});

const indexRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  component: NewChatRoute,
  /** `template`: begin by filling in this one. */
  validateSearch: (search: Record<string, unknown>): { template?: number } =>
    Number.isInteger(search.template) ? { template: Number(search.template) } : {},
});

const chatRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'c/$sessionId',
  component: ChatRoute,
  validateSearch: (search: Record<string, unknown>): { m?: string } =>
    typeof search.m === 'string' ? { m: search.m } : {},
});

const modelsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'models',
  component: lazyRouteComponent(() => import('@/routes/models')),
});

const compareRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'compare',
  /** `c`: the conversation that the question is for. */
  validateSearch: (search: Record<string, unknown>): { c?: string } =>
    typeof search.c === 'string' ? { c: search.c } : {},
  component: lazyRouteComponent(() => import('@/routes/compare')),
});

const keysRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'keys',
  component: lazyRouteComponent(() => import('@/features/keys/components/KeysPage')),
});

const templatesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'templates',
  component: lazyRouteComponent(() => import('@/routes/templates'), 'TemplatesRoute'),
});

const newTemplateRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'templates/new',
  validateSearch: (search: Record<string, unknown>): { from?: string } =>
    typeof search.from === 'string' ? { from: search.from } : {},
  component: lazyRouteComponent(() => import('@/routes/templates'), 'NewTemplateRoute'),
});

const templateRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'templates/$templateId',
  component: lazyRouteComponent(() => import('@/routes/templates'), 'TemplateRoute'),
});

const archiveRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'archive',
  component: lazyRouteComponent(() => import('@/features/chat/components/ArchivePage')),
});

const adminRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'admin',
  beforeLoad: () => {
    if (useAuthSession.getState().user?.role === 'user') throw redirect({ to: '/' });
  },
  component: lazyRouteComponent(() => import('@/features/admin/components/AdminPage')),
});

const devicesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'devices',
  component: lazyRouteComponent(() => import('@/features/devices/components/DevicesPage')),
});

const projectsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'projects',
  component: lazyRouteComponent(() => import('@/features/projects/components/ProjectsPage')),
});

const playgroundRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'playground',
  /** `seed`: which maze. */
  validateSearch: (search: Record<string, unknown>): { view?: 'ask' | 'maze'; seed?: number } => ({
    ...((search.view === 'ask' || search.view === 'maze') && { view: search.view }),
    ...(Number.isSafeInteger(search.seed) && Number(search.seed) > 0 && { seed: Number(search.seed) }),
  }),
  component: lazyRouteComponent(() => import('@/routes/playground')),
});

const settingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'settings',
  component: lazyRouteComponent(() => import('@/routes/settings')),
});

/** Pages for people who are not signed in; others go where they wanted to. */
const openRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'open',
  component: Outlet,
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    isSafePath(search.next) ? { next: search.next } : {},
  beforeLoad: ({ search }) => {
    if (useAuthSession.getState().status === 'signed-in') throw redirect({ href: search.next ?? '/' });
  },
});

const signInRoute = createRoute({
  getParentRoute: () => openRoute,
  path: 'sign-in',
  component: lazyRouteComponent(() => import('@/features/auth/components/SignInPage')),
});

const registerRoute = createRoute({
  getParentRoute: () => openRoute,
  path: 'register',
  component: lazyRouteComponent(() => import('@/features/auth/components/RegisterPage')),
});

const changePasswordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'change-password',
  beforeLoad: () => {
    const { status, user } = useAuthSession.getState();
    if (status !== 'signed-in') throw redirect({ to: '/sign-in', search: {} });
    if (!user?.must_change_password) throw redirect({ to: '/' });
  },
  component: lazyRouteComponent(() => import('@/features/auth/components/ChangePasswordPage')),
});

/** What is shared is read by anybody, signed in or not. */
const sharedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 's/$token',
  component: lazyRouteComponent(() => import('@/routes/shared')),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    appRoute.addChildren([
      indexRoute,
      chatRoute,
      templatesRoute,
      newTemplateRoute,
      templateRoute,
      modelsRoute,
      compareRoute,
      archiveRoute,
      keysRoute,
      devicesRoute,
      projectsRoute,
      playgroundRoute,
      settingsRoute,
      adminRoute,
    ]),
    openRoute.addChildren([signInRoute, registerRoute]),
    changePasswordRoute,
    sharedRoute,
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

import { ApiFailure } from '@bartizan/contracts/client.ts';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { queryClient } from './api.ts';
import { FaultPage, NotFoundPage } from './fallbacks.tsx';
import { mlflowPath } from './mlflow-links.ts';
import { only, parseSearch, stringifySearch } from './search.ts';
import { meQuery } from './session.ts';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: only('next', 'sso', 'factors', 'expires'),
  component: lazyRouteComponent(() => import('../sign-in/sign-in-page.tsx'), 'SignInPage'),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: only('token'),
  component: lazyRouteComponent(() => import('../sign-in/setup-page.tsx'), 'SetupPage'),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite',
  validateSearch: only('token'),
  component: lazyRouteComponent(() => import('../sign-in/link-page.tsx'), 'InvitePage'),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset',
  validateSearch: only('token'),
  component: lazyRouteComponent(() => import('../sign-in/link-page.tsx'), 'ResetPage'),
});

/** Everything below needs somebody to be signed in. */
const house = createRoute({
  getParentRoute: () => root,
  id: 'house',
  component: Shell,
  notFoundComponent: NotFoundPage,
  beforeLoad: async ({ location }) => {
    const elsewhere = location.pathname === '/' ? mlflowPath(location.hash) : null;
    if (elsewhere !== null) throw redirect({ href: elsewhere, replace: true });
    try {
      const me = await queryClient.ensureQueryData(meQuery);
      if (me.mustEnrol && location.pathname !== '/account') throw redirect({ to: '/account' });
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 401) {
        throw redirect({
          to: '/sign-in',
          search: { next: location.href === '/' ? undefined : location.href },
        });
      }
      throw error;
    }
  },
});

const overview = createRoute({
  getParentRoute: () => house,
  path: '/',
  validateSearch: only('window', 'welcome'),
  component: lazyRouteComponent(() => import('../overview/overview-page.tsx'), 'OverviewPage'),
});
const interactions = createRoute({
  getParentRoute: () => house,
  path: '/traffic/interactions',
  validateSearch: only(
    'last',
    'from',
    'to',
    'endpoint',
    'key',
    'user',
    'verdict',
    'outcome',
    'check',
    'text',
    'live',
  ),
  component: lazyRouteComponent(() => import('../traffic/interactions-page.tsx'), 'InteractionsPage'),
});
const interaction = createRoute({
  getParentRoute: () => house,
  path: '/traffic/interactions/$id',
  component: lazyRouteComponent(() => import('../traffic/interaction-page.tsx'), 'InteractionPage'),
});
const playground = createRoute({
  getParentRoute: () => house,
  path: '/traffic/playground',
  validateSearch: only('policy', 'version', 'interaction', 'draft'),
  component: lazyRouteComponent(() => import('../traffic/playground-page.tsx'), 'PlaygroundPage'),
});
const reviews = createRoute({
  getParentRoute: () => house,
  path: '/traffic/reviews',
  validateSearch: only('tab'),
  component: lazyRouteComponent(() => import('../reviews/reviews-page.tsx'), 'ReviewsPage'),
});
const review = createRoute({
  getParentRoute: () => house,
  path: '/traffic/reviews/$id',
  component: lazyRouteComponent(() => import('../reviews/review-page.tsx'), 'ReviewPage'),
});
const endpoints = createRoute({
  getParentRoute: () => house,
  path: '/protection/endpoints',
  component: lazyRouteComponent(() => import('../protection/endpoints-page.tsx'), 'EndpointsPage'),
});
const newEndpoint = createRoute({
  getParentRoute: () => house,
  path: '/protection/endpoints/new',
  component: lazyRouteComponent(() => import('../protection/endpoint-page.tsx'), 'NewEndpointPage'),
});
const endpoint = createRoute({
  getParentRoute: () => house,
  path: '/protection/endpoints/$id',
  validateSearch: only('tab'),
  component: lazyRouteComponent(() => import('../protection/endpoint-page.tsx'), 'EndpointPage'),
});
const detector = createRoute({
  getParentRoute: () => house,
  path: '/protection/detector',
  validateSearch: only('tab', 'state', 'label'),
  component: lazyRouteComponent(() => import('../protection/detector-page.tsx'), 'DetectorPage'),
});
const detectorComparison = createRoute({
  getParentRoute: () => house,
  path: '/protection/detector/comparisons/$id',
  component: lazyRouteComponent(() => import('../protection/detector-comparisons.tsx'), 'ComparisonPage'),
});
const policies = createRoute({
  getParentRoute: () => house,
  path: '/protection/policies',
  component: lazyRouteComponent(() => import('../protection/policies-page.tsx'), 'PoliciesPage'),
});
const newPolicy = createRoute({
  getParentRoute: () => house,
  path: '/protection/policies/new',
  component: lazyRouteComponent(() => import('../protection/new-policy-page.tsx'), 'NewPolicyPage'),
});
const policy = createRoute({
  getParentRoute: () => house,
  path: '/protection/policies/$id',
  validateSearch: only('tab', 'left', 'right', 'version'),
  component: lazyRouteComponent(() => import('../protection/policy-page.tsx'), 'PolicyPage'),
});
const systems = createRoute({
  getParentRoute: () => house,
  path: '/inventory/systems',
  validateSearch: only(
    'tab',
    'text',
    'state',
    'tier',
    'class',
    'owner',
    'team',
    'tag',
    'attention',
    'model',
    'endpoint',
    'around',
    'kinds',
  ),
  component: lazyRouteComponent(() => import('../inventory/systems-page.tsx'), 'SystemsPage'),
});
const newSystem = createRoute({
  getParentRoute: () => house,
  path: '/inventory/systems/new',
  validateSearch: only('endpoint', 'model'),
  component: lazyRouteComponent(() => import('../inventory/system-page.tsx'), 'NewSystemPage'),
});
const system = createRoute({
  getParentRoute: () => house,
  path: '/inventory/systems/$id',
  validateSearch: only('tab', 'around', 'kinds'),
  component: lazyRouteComponent(() => import('../inventory/system-page.tsx'), 'SystemPage'),
});
const models = createRoute({
  getParentRoute: () => house,
  path: '/inventory/models',
  validateSearch: only('tab', 'q', 'verdict', 'stage', 'quarantined', 'experiment', 'filter', 'state'),
  component: lazyRouteComponent(() => import('../inventory/models-page.tsx'), 'ModelsPage'),
});
const uploadModel = createRoute({
  getParentRoute: () => house,
  path: '/inventory/models/upload',
  validateSearch: only('model'),
  component: lazyRouteComponent(() => import('../inventory/upload-page.tsx'), 'UploadPage'),
});
const model = createRoute({
  getParentRoute: () => house,
  path: '/inventory/models/$id',
  validateSearch: only('tab', 'from', 'to'),
  component: lazyRouteComponent(() => import('../inventory/model-page.tsx'), 'ModelPage'),
});
const modelVersion = createRoute({
  getParentRoute: () => house,
  path: '/inventory/models/$id/versions/$version',
  validateSearch: only('tab', 'severity', 'accepted', 'file'),
  component: lazyRouteComponent(() => import('../inventory/version-page.tsx'), 'VersionPage'),
});
const finding = createRoute({
  getParentRoute: () => house,
  path: '/inventory/models/$id/versions/$version/findings/$finding',
  component: lazyRouteComponent(() => import('../inventory/finding-page.tsx'), 'FindingPage'),
});
const run = createRoute({
  getParentRoute: () => house,
  path: '/inventory/models/runs/$id',
  validateSearch: only('tab'),
  component: lazyRouteComponent(() => import('../inventory/run-page.tsx'), 'RunPage'),
});
const datasets = createRoute({
  getParentRoute: () => house,
  path: '/inventory/datasets',
  validateSearch: only('tab', 'q', 'trust'),
  component: lazyRouteComponent(() => import('../inventory/data/datasets-page.tsx'), 'DatasetsPage'),
});
const pushData = createRoute({
  getParentRoute: () => house,
  path: '/inventory/datasets/push',
  validateSearch: only('dataset'),
  component: lazyRouteComponent(() => import('../inventory/data/push-page.tsx'), 'PushPage'),
});
const labelQueue = createRoute({
  getParentRoute: () => house,
  path: '/inventory/datasets/labelling/$id',
  component: lazyRouteComponent(() => import('../inventory/data/label-queue-page.tsx'), 'LabelQueuePage'),
});
const dataset = createRoute({
  getParentRoute: () => house,
  path: '/inventory/datasets/$id',
  validateSearch: only('tab', 'from', 'to', 'key', 'act'),
  component: lazyRouteComponent(() => import('../inventory/data/dataset-page.tsx'), 'DatasetPage'),
});
const takenOut = createRoute({
  getParentRoute: () => house,
  path: '/inventory/datasets/$id/taken-out/$quarantine',
  component: lazyRouteComponent(() => import('../inventory/data/taken-out-page.tsx'), 'TakenOutPage'),
});
const datasetVersion = createRoute({
  getParentRoute: () => house,
  path: '/inventory/datasets/$id/versions/$version',
  validateSearch: only('tab', 'scan', 'row'),
  component: lazyRouteComponent(
    () => import('../inventory/data/dataset-version-page.tsx'),
    'DatasetVersionPage',
  ),
});
const lineage = createRoute({
  getParentRoute: () => house,
  path: '/inventory/lineage',
  validateSearch: only('tab', 'node', 'subject'),
  component: lazyRouteComponent(() => import('../inventory/data/lineage-page.tsx'), 'LineagePage'),
});
const audit = createRoute({
  getParentRoute: () => house,
  path: '/governance/audit',
  validateSearch: only('tab', 'actor', 'action', 'subject', 'purpose'),
  component: lazyRouteComponent(() => import('../governance/audit-page.tsx'), 'AuditPage'),
});
const auditEntry = createRoute({
  getParentRoute: () => house,
  path: '/governance/audit/$id',
  component: lazyRouteComponent(() => import('../governance/entry-page.tsx'), 'AuditEntryPage'),
});
const people = createRoute({
  getParentRoute: () => house,
  path: '/settings/people',
  validateSearch: only('tab'),
  component: lazyRouteComponent(() => import('../settings/people/people-page.tsx'), 'PeoplePage'),
});
const keys = createRoute({
  getParentRoute: () => house,
  path: '/settings/keys',
  validateSearch: only('tab', 'new', 'endpoint'),
  component: lazyRouteComponent(() => import('../settings/keys/keys-page.tsx'), 'KeysPage'),
});
const signInSettings = createRoute({
  getParentRoute: () => house,
  path: '/settings/sign-in',
  validateSearch: only('tab'),
  component: lazyRouteComponent(
    () => import('../settings/sign-in/sign-in-settings-page.tsx'),
    'SignInSettingsPage',
  ),
});
const sinks = createRoute({
  getParentRoute: () => house,
  path: '/settings/sinks',
  component: lazyRouteComponent(() => import('../settings/sinks/sinks-page.tsx'), 'SinksPage'),
});
const sink = createRoute({
  getParentRoute: () => house,
  path: '/settings/sinks/$id',
  component: lazyRouteComponent(() => import('../settings/sinks/sink-page.tsx'), 'SinkPage'),
});
const fleet = createRoute({
  getParentRoute: () => house,
  path: '/settings/fleet',
  component: lazyRouteComponent(() => import('../settings/fleet/fleet-page.tsx'), 'FleetPage'),
});
const account = createRoute({
  getParentRoute: () => house,
  path: '/account',
  component: lazyRouteComponent(() => import('../account/account-page.tsx'), 'AccountPage'),
});

/** Any other address, with the rooms still at hand. */
const nowhere = createRoute({ getParentRoute: () => house, path: '$', component: NotFoundPage });

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    setup,
    invite,
    reset,
    house.addChildren([
      overview,
      interactions,
      interaction,
      playground,
      reviews,
      review,
      endpoints,
      newEndpoint,
      endpoint,
      detector,
      detectorComparison,
      policies,
      newPolicy,
      policy,
      systems,
      newSystem,
      system,
      models,
      uploadModel,
      model,
      modelVersion,
      finding,
      run,
      datasets,
      pushData,
      labelQueue,
      dataset,
      takenOut,
      datasetVersion,
      lineage,
      audit,
      auditEntry,
      people,
      keys,
      signInSettings,
      sinks,
      sink,
      fleet,
      account,
      nowhere,
    ]),
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultErrorComponent: FaultPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

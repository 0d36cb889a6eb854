import type { Permission } from '@bartizan/contracts';
import {
  IconBox,
  IconDatabase,
  IconEyeCheck,
  IconFileCertificate,
  IconGauge,
  IconKey,
  IconListSearch,
  IconLogin2,
  IconPlayerPlay,
  IconRadar2,
  IconRoute,
  IconServer,
  IconShare,
  IconShieldCheck,
  IconSitemap,
  IconTopologyStar3,
  IconUsers,
  type TablerIcon,
} from '@tabler/icons-react';

export interface Room {
  readonly title: string;
  readonly to:
    | '/'
    | '/traffic/interactions'
    | '/traffic/playground'
    | '/traffic/reviews'
    | '/protection/endpoints'
    | '/protection/policies'
    | '/protection/detector'
    | '/inventory/systems'
    | '/inventory/models'
    | '/inventory/datasets'
    | '/inventory/lineage'
    | '/governance/audit'
    | '/settings/people'
    | '/settings/keys'
    | '/settings/sign-in'
    | '/settings/sinks'
    | '/settings/fleet';
  readonly icon: TablerIcon;
  readonly permission: Permission;
}

/** The rooms whose features work, in the order of the day's work. */
export const ROOMS: readonly { readonly title: string | null; readonly rooms: readonly Room[] }[] = [
  { title: null, rooms: [{ title: 'Overview', to: '/', icon: IconGauge, permission: 'overview.read' }] },
  {
    title: 'Traffic',
    rooms: [
      {
        title: 'Interactions',
        to: '/traffic/interactions',
        icon: IconListSearch,
        permission: 'interactions.read',
      },
      { title: 'Playground', to: '/traffic/playground', icon: IconPlayerPlay, permission: 'policies.try' },
      { title: 'Reviews', to: '/traffic/reviews', icon: IconEyeCheck, permission: 'policies.read' },
    ],
  },
  {
    title: 'Protection',
    rooms: [
      { title: 'Endpoints', to: '/protection/endpoints', icon: IconRoute, permission: 'endpoints.read' },
      { title: 'Policies', to: '/protection/policies', icon: IconShieldCheck, permission: 'policies.read' },
      {
        title: 'Injection detector',
        to: '/protection/detector',
        icon: IconRadar2,
        permission: 'detector.read',
      },
    ],
  },
  {
    title: 'Inventory',
    rooms: [
      { title: 'Systems', to: '/inventory/systems', icon: IconSitemap, permission: 'systems.read' },
      { title: 'Models', to: '/inventory/models', icon: IconBox, permission: 'models.read' },
      { title: 'Datasets', to: '/inventory/datasets', icon: IconDatabase, permission: 'data.read' },
      { title: 'Lineage', to: '/inventory/lineage', icon: IconTopologyStar3, permission: 'data.read' },
    ],
  },
  {
    title: 'Governance',
    rooms: [
      { title: 'Audit log', to: '/governance/audit', icon: IconFileCertificate, permission: 'audit.read' },
    ],
  },
  {
    title: 'Settings',
    rooms: [
      { title: 'People', to: '/settings/people', icon: IconUsers, permission: 'people.read' },
      { title: 'Keys', to: '/settings/keys', icon: IconKey, permission: 'keys.read' },
      { title: 'Sign-in', to: '/settings/sign-in', icon: IconLogin2, permission: 'sign-in.read' },
      { title: 'Sinks', to: '/settings/sinks', icon: IconShare, permission: 'sinks.read' },
      { title: 'Fleet', to: '/settings/fleet', icon: IconServer, permission: 'fleet.read' },
    ],
  },
];

import type { Role } from '@bartizan/contracts';

/** Roles as people say them. */
export const ROLE_TITLES: Readonly<Record<Role, string>> = {
  administrator: 'Administrator',
  security: 'Security',
  'ml-engineer': 'ML engineer',
  reviewer: 'Reviewer',
  auditor: 'Auditor',
  viewer: 'Viewer',
};

export const ROLE_SUMMARIES: Readonly<Record<Role, string>> = {
  administrator: 'Everything, people included.',
  security: 'Endpoints, policies, keys and the content of interactions.',
  'ml-engineer': 'Endpoints and the playground.',
  reviewer: 'The playground and the content of interactions; changes nothing.',
  auditor: 'Reads everything, content and people included, and exports it.',
  viewer: 'Reads the overview, endpoints, policies and redacted interactions.',
};

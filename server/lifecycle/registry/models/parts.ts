import type { LifecycleDeps } from '../../ports.ts';
import type { RegistryPorts } from './types.ts';

/** What the parts of the registry's service need. */
export interface ModelParts extends Pick<LifecycleDeps, 'database' | 'audit' | 'clock' | 'events'> {
  readonly ports: RegistryPorts;
}

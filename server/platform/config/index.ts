export { type Config, ConfigError, demoKeyPath, isWeakSecret, loadConfig } from './config.ts';
export type { ObjectsConfig } from './objects.ts';

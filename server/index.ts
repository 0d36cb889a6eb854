export { type RunningServer, startServer } from './main.ts';
export { type Config, ConfigError, loadConfig } from './platform/config/index.ts';

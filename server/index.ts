export { type RunningServer, startServer } from './main.ts';
export { type Config, ConfigError, isWeakSecret, loadConfig } from './platform/config/index.ts';

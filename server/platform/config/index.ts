export { type Config, ConfigError, demoKeyPath, loadConfig } from './config.ts';

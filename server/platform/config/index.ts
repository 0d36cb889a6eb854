export { type Config, ConfigError, demoKeyPath, isWeakSecret, loadConfig } from './config.ts';

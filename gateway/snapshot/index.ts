export { type ConfigurationOptions, openConfiguration, type PulledConfiguration } from './configuration.ts';

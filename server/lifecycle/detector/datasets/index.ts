export { createDatasetService, type DatasetService } from './service.ts';

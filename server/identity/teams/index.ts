export { createTeamRoutes } from './routes.ts';
export { createTeamService, type TeamService } from './service.ts';
export { setTeamsOf, type TeamChange } from './store.ts';

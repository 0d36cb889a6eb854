export { CONFIRMED_FOR_MS, demandAccess, demandStepUp, permits, refuseLasting } from './access.ts';
export { loggable } from './problem.ts';
export { noBytes } from './receive.ts';
export {
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
  type ObservedRequest,
  type ObserveRequest,
} from './server.ts';
export {
  type Authenticate,
  type AuthenticateRequest,
  type HandlerInput,
  implement,
  type Principal,
  type Redirect,
  type RequestContext,
  type RouteImplementation,
} from './types.ts';

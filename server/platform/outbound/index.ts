export { addressProblem, hostOf, hostProblem, type Reach, reachOf, urlProblem } from './addresses.ts';
export {
  guardedLookup,
  type OutboundAnswer,
  type OutboundGet,
  OutboundRefused,
  type OutboundRequest,
  outboundGet,
  outboundRequest,
} from './outbound.ts';

export { fakeClock, steppingClock, type TestClock } from './clock.ts'
export { MemoryDocs } from '../kv/docs-memory.ts'
export { startCoturn, turnSettings, type CoturnOptions, type RunningCoturn } from './coturn.ts'
export { startClamd, eicar } from './clamd.ts'
export { eventually } from './eventually.ts'
export { freeze } from './freeze.ts'
export {
  janusSettings,
  makeJanusSecrets,
  startJanus,
  type JanusOptions,
  type JanusSecrets,
  type RunningJanus,
} from './janus.ts'
export { startMailServer, type MailServer, type MailServerOptions, type ReceivedMail } from './mail-server.ts'
export { mediaAddress } from './media-address.ts'
export { freePort } from './ports.ts'
export { startRedisSentinel, type RedisWithSentinel } from './redis-sentinel.ts'
export { startNats, startPostgres, startRedis, type RunningServer, type ServerOptions } from './servers.ts'
export { startSwift, type RunningSwift } from './swift.ts'
export { createTestIssuer } from './test-issuer.ts'

// The probes of `parley doctor`: each connects for itself, once, and rejects with the true cause.
export { probeNats } from './nats.ts'
export { probeObjects } from './objects.ts'
export { probePostgres } from './postgres.ts'
export { probeRedis } from './redis.ts'
export { probeSmtp } from './smtp.ts'

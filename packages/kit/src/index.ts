export type * from './bus/bus.ts'
export { isLate, type Call as BusCall } from './bus/call.ts'
export { createMemoryBus } from './bus/bus-memory.ts'
export { connectNatsBus, type NatsBusOptions } from './bus/bus-nats.ts'
export { explain, reportAndEnd } from './cannot-start.ts'
export { natsUsers } from './bus/nats-users.ts'
export { respond, request, at, subscribe, publish } from './bus/typed.ts'
export { systemClock } from './clock.ts'
export { ConfigError, describeConfig, readConfig, type Environment } from './config.ts'
export { commonConfig, natsOf, redisOf, type CommonConfig } from './config-common.ts'
export { findMisspelt, warnOfMisspelt, type Misspelt } from './misspelt.ts'
export { openFilesLimit, socketsThatFit } from './open-files.ts'
export { defineService } from './define-service.ts'
export { json, openDatabase, type DatabaseHost } from './db/db.ts'
export { lockFolder } from './db/folder-lock.ts'
export { makePgliteTemplate } from './db/db-pglite.ts'
export { asProblem, isUniqueViolation } from './db/errors.ts'
export { prepared } from './db/prepared.ts'
export { indexConcurrently, migrate, readStatus, type Migrations } from './db/migrate.ts'
export { createAuthenticate, type Authenticate } from './http/authenticate.ts'
export { drainHttp, startHttp } from './http/drain.ts'
export { createEdgeAuth, type EdgeAuth } from './http/edge-auth.ts'
export { sendProblem } from './http/errors.ts'
export { versionsOf } from './http/entity-tags.ts'
export { compile, compileInput, compileShape, type Faults } from './http/faults.ts'
export { serveHealth, type HealthOptions } from './http/health.ts'
export {
  serveOperations,
  type Answer,
  type Call,
  type Handler,
  type Handlers,
  type ServeOptions,
  type WriteStream,
} from './http/operations.ts'
export { mayTakeLong } from './http/arrival.ts'
export { limitKey } from './http/limit-key.ts'
export { publicBase } from './http/public-base.ts'
export { checkMethodOrThrow } from './http/route-book.ts'
export { createHttpServer, type HttpServer, type HttpServerOptions } from './http/server.ts'
export { requestIdOf } from './http/request-id.ts'
export { checkHeaderSizeOrThrow, checkShapeOrThrow, isHost } from './http/request-shape.ts'
export { createLoggedTrust, createNetworks, createProxyTrust, peerOf, type ProxyTrust } from './http/client-address.ts'
export { type HeadersFor } from './http/early.ts'
export { headerValues } from './http/header-values.ts'
export { listOf, readForwarded } from './http/forwarded.ts'
export {
  canonicalOrigin,
  createOriginJudge,
  foreignOrigin,
  originAt,
  type JudgeOrigin,
  type OriginVerdict,
} from './http/origin.ts'
export { createOnce } from './log-once.ts'
export { iceConfig, type IceConfig } from './ice/ice-config.ts'
export { checkIceConfig, hasTurn, iceServersFor, openIceServers } from './ice/ice-servers.ts'
export { newId } from './ids.ts'
export type * from './kv/kv.ts'
export type { DistinctLimiter, DistinctVerdict } from './kv/distinct.ts'
export { createMemoryKv } from './kv/kv-memory.ts'
export { connectRedisKv, type RedisKvOptions } from './kv/kv-redis.ts'
export { runMigrations } from './run-migrations.ts'
export { listNodes, type NodeCard, orderNode, steerNode, type SteeredNode } from './nodes.ts'
export { startService, type StartedService, type Runtime } from './lifecycle.ts'
export * from './text/index.ts'
export { WsPeerSocket } from './socket/peer-socket.ts'
export { Pace, windowMs } from './socket/pace.ts'
export { TokenBucket } from './socket/token-bucket.ts'
export { WriteBatch } from './socket/write-batch.ts'
export * from './link/codec.ts'
export { LinkWriter } from './link/link-writer.ts'
export { fillLink, frontendConfig, linkTemplate } from './links.ts'
export { createLogger, type Logger, type LoggerOptions } from './logger.ts'
export { mailConfig } from './mail/mail-config.ts'
export {
  createMailer,
  MailLaterError,
  MailRefusedError,
  type Mail,
  type Mailer,
  type MailerOptions,
} from './mail/mailer.ts'
export { createMailOutbox, type MailOutbox, type MailOutboxOptions } from './mail/outbox.ts'
export { createMailOutboxTable, putMail, type MailOutboxTable, type OutboxTables } from './mail/outbox-store.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export {
  eraseBatch,
  eraseSlice,
  exportBatch,
  exportSlice,
  scrubbed,
  untilDone,
  type EraseStep,
  type ExportSection,
} from './privacy.ts'
export { isProblem, ProblemError } from './problem.ts'
export { createPlaces, type Places } from './places.ts'
export { createFairGate } from './fair-gate.ts'
export { FairQueue, type Owner } from './fair-queue.ts'
export { createSemaphore, createKeyedSemaphores, type GateOptions } from './semaphore.ts'
export { decrypt, deriveKey, encrypt } from './gcm.ts'
export { createSealer, type Sealer } from './sealer.ts'
export { objectsConfig, openObjects, type ObjectsConfig } from './objects/objects-config.ts'
export { ObjectNotFoundError, SizeMismatchError } from './objects/objects.ts'
export type * from './objects/objects.ts'
export { createKeptAnswersTable, forgetAnswers, type KeptDb, type KeptTables } from './once/kept-answers-store.ts'
export { createKeptAnswers, plainly, type KeptAnswers, type Once } from './once/once.ts'
export { createPoller, type Poller } from './poller.ts'
export { createBatched, type Batched } from './batched.ts'
export { announce, createDirectory, type Directory, type Instance } from './registry.ts'
export { runService } from './run.ts'
export type { Clock, Deps, RunningService, ServiceDefinition } from './service.ts'
export { StartupError } from './startup-error.ts'
export { superviseProcess, type Supervisor } from './supervise.ts'
export { createKeySource, type Jwk, type KeySource, type KeySourceOptions } from './tokens/key-source.ts'
export { createRevocations, type Revocation, type Revocations, type RevocationsOptions } from './tokens/revocations.ts'
export { createTokenVerifier, type TokenVerifier } from './tokens/token-verifier.ts'
export { isTracing, openSpan, traced, traceHeaders, traceId, type Carrier } from './tracing/trace.ts'
export { startTracing, type Tracing } from './tracing/tracing.ts'
export { within } from './within.ts'

import { meetingsBus } from '@parley/contracts'
import {
  listNodes,
  orderNode,
  ProblemError,
  request,
  type Bus,
  type HttpServer,
  type Kv,
  type Logger,
  type NodeCard,
} from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import Type from 'typebox'

export interface AdminOptions {
  kv: Pick<Kv, 'get' | 'set' | 'alive'>
  bus: Bus
  log: Logger
}

export const adminPrefix = '/admin/'
const kinds = ['gateway', 'signaling', 'auth', 'meetings', 'chat', 'media', 'janus']
const Name = Type.Object({
  kind: Type.String({ maxLength: 40 }),
  id: Type.String({ minLength: 1, maxLength: 120 }),
})
const Which = Type.Object({ meeting: Type.String({ minLength: 1, maxLength: 64 }) })
type Named = FastifyRequest<{ Params: { kind: string; id: string } }>

/** `/admin`: what operators see and order. The guard of the gateway has let the request in. */
export function serveAdmin(app: HttpServer, { kv, bus, log }: AdminOptions): void {
  const schema = { params: Name }
  app.get('/admin/nodes', async () => ({ nodes: await listNodes(kv, kinds) }))
  app.get(
    '/admin/meetings/:meeting/timeline',
    { schema: { params: Which } },
    async ({ params: { meeting } }: FastifyRequest<{ Params: { meeting: string } }>) =>
      request(bus, meetingsBus.timeline, { meeting }),
  )
  app.post('/admin/nodes/:kind/:id/drain', { schema }, async ({ params, id: requestId }: Named, reply) => {
    const all = await listNodes(kv, kinds)
    const node = findOrThrow(all, params)
    if (!node.draining && !all.some((other) => other.kind === node.kind && other.id !== node.id && !other.draining))
      throw new ProblemError(
        'wrong-state',
        `${node.kind}/${node.id} is the only ${node.kind} that serves: start another one first, then drain it`,
      )
    log.info({ requestId, kind: node.kind, node: node.id }, 'an operator drains a node')
    await orderNode(kv, node, 'drain')
    return reply.code(202).send(node)
  })
  app.post('/admin/nodes/:kind/:id/undrain', { schema }, async ({ params, id: requestId }: Named, reply) => {
    const node = findOrThrow(await listNodes(kv, kinds), params)
    log.info({ requestId, kind: node.kind, node: node.id }, 'an operator puts a node back')
    await orderNode(kv, node, 'serve')
    return reply.code(202).send(node)
  })
}

/** @throws ProblemError `not-found` */
function findOrThrow(all: readonly NodeCard[], { kind, id }: { kind: string; id: string }): NodeCard {
  const found = all.find((node) => node.kind === kind && node.id === id)
  if (found === undefined) throw new ProblemError('not-found', `There is no ${kind}/${id}; GET /admin/nodes lists all`)
  return found
}

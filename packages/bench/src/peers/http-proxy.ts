/** `@fastify/http-proxy` as its README shows it, in front of the URL that is the argument. */
import type { AddressInfo } from 'node:net'
import proxy from '@fastify/http-proxy'
import fastify from 'fastify'

const app = fastify()
await app.register(proxy, { upstream: process.argv[2] ?? '' })
await app.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ port: (app.server.address() as AddressInfo).port })
process.once('disconnect', () => process.exit(0))

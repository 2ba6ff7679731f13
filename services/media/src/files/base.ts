import { isHost } from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import type { FilesConfig } from './config.ts'

/** What addresses for the caller begin with: the gateway that they have reached. */
export function baseOf({ PUBLIC_URL }: Pick<FilesConfig, 'PUBLIC_URL'>, request: FastifyRequest): string {
  if (PUBLIC_URL !== undefined) return PUBLIC_URL
  return `${request.protocol}://${isHost(request.host) ? request.host : 'localhost'}`
}

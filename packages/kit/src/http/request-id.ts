import type { IncomingMessage } from 'node:http'
import { newId } from '../ids.ts'

/** The caller's `x-request-id` if it is a harmless one, else a new id. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : newId()
}

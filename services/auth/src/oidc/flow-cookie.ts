import { decrypt, deriveKey, encrypt, type Clock } from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import '@fastify/cookie'
import { edgeOf } from '../sessions/edge.ts'
import type { Flow } from './provider.ts'

/** A sign-in at the provider that this browser has begun. */
interface BegunFlow extends Flow {
  returnTo: string
}

export interface FlowCookies {
  /** A `Set-Cookie`, in answer to `request`. */
  keep(request: FastifyRequest, flow: BegunFlow): string
  /** The flow that the browser has kept, unless it is older than 10 minutes, altered, or none. */
  read(request: FastifyRequest): BegunFlow | null
  /** A `Set-Cookie` that makes the browser forget it. */
  forget(request: FastifyRequest): string
}

const maxAgeS = 600
const context = 'oauth-flow'

/**
 * The flow travels in the browser, encrypted: no replica needs to remember it, and no other browser can finish it.
 * `SameSite=Lax`, as the provider's redirect comes from another site.
 */
export function createFlowCookies(secret: string, clock: Clock): FlowCookies {
  const key = deriveKey(secret, 'parley/auth/oauth-flow')
  const set = (request: FastifyRequest, value: string, maxAge: number): string => {
    const { name, path, secure } = kindOf(request)
    return request.server.serializeCookie(name, value, { path, secure, maxAge, httpOnly: true, sameSite: 'lax' })
  }
  return {
    keep: (request, flow) => set(request, encrypt(key, JSON.stringify({ ...flow, at: clock.now() }), context), maxAgeS),
    read(request) {
      const sealed = request.cookies[kindOf(request).name]
      const opened = sealed === undefined || sealed.length > 4096 ? null : tryOpen(key, sealed)
      return opened !== null && Math.abs(clock.now() - opened.at) <= maxAgeS * 1000 ? opened : null
    },
    forget: (request) => set(request, '', 0),
  }
}

const kindOf = ({ headers }: FastifyRequest) =>
  edgeOf(headers).secure
    ? { name: '__Host-parley_oauth', path: '/', secure: true }
    : { name: 'parley_oauth', path: '/v1/auth/oauth', secure: false }

function tryOpen(key: Buffer, sealed: string): (BegunFlow & { at: number }) | null {
  try {
    // A cookie that opens was written by `keep`.
    return JSON.parse(decrypt(key, sealed, context)) as BegunFlow & { at: number }
  } catch {
    // Another secret's, or altered: GCM says so by failing.
    return null
  }
}

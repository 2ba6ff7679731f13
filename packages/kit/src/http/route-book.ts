import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from '../problem.ts'

/** Which methods each path pattern serves. */
export interface RouteBook {
  add(method: string | string[], pattern: string): void
  /** To tell 405 from 404. A path that is a pattern itself, such as `/v1/meetings/join`, is not also one of `/v1/meetings/:id`. */
  methodsFor(path: string): string[]
  /** Whether a router took such a path for one with a parameter, for lack of a route of that method. */
  isMistaken(path: string, method: string): boolean
}

export function createRouteBook(): RouteBook {
  const patterns = new Map<string, Set<string>>()
  return {
    add(method, pattern) {
      const methods = patterns.get(pattern) ?? new Set()
      for (const one of [method].flat()) methods.add(one)
      patterns.set(pattern, methods)
    },
    methodsFor(path) {
      const literal = patterns.get(path)
      if (literal !== undefined) return [...literal]
      const segments = path.split('/')
      const found = [...patterns].filter(([pattern]) => fits(pattern.split('/'), segments))
      return [...new Set(found.flatMap(([, methods]) => [...methods]))]
    },
    isMistaken: (path, method) => patterns.get(path)?.has(method) === false,
  }
}

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))

/**
 * Answers 405 where a path has no route of this method, and only looks like one with a parameter.
 * @throws ProblemError `method-not-allowed`
 */
export function checkMethodOrThrow({ server, method, url }: FastifyRequest, reply: FastifyReply): void {
  const path = pathOf(url)
  if (server.routeBook.isMistaken(path, method))
    throw methodNotAllowed(reply, method, server.routeBook.methodsFor(path))
}

/** The problem, with the header that belongs to it. */
export function methodNotAllowed(reply: FastifyReply, method: string, methods: readonly string[]): ProblemError {
  const list = methods.join(', ')
  reply.header('allow', list)
  return new ProblemError('method-not-allowed', `${method} is not allowed here; allowed are ${list}`)
}

/** The path of an address, without its query. */
export const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

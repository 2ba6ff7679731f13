/** Remembers which methods each path pattern serves, to tell 405 from 404. */
export function createRouteBook(): {
  add(method: string | string[], pattern: string): void
  methodsFor(path: string): string[]
} {
  const patterns = new Map<string, Set<string>>()
  return {
    add(method, pattern) {
      const methods = patterns.get(pattern) ?? new Set()
      for (const one of [method].flat()) methods.add(one)
      patterns.set(pattern, methods)
    },
    methodsFor(path) {
      const segments = path.split('/')
      const found = [...patterns].filter(([pattern]) => fits(pattern.split('/'), segments))
      return [...new Set(found.flatMap(([, methods]) => [...methods]))]
    },
  }
}

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))

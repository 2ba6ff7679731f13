import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SeenSpan {
  /** `service.name` of the process that sent it. */
  service: string
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  attributes: Readonly<Record<string, unknown>>
}

export interface Collector {
  url: string
  /** All that have arrived, of one trace if it is named. */
  spans(traceId?: string): SeenSpan[]
  stop(): Promise<void>
}

interface Attribute {
  key: string
  value: Readonly<Record<string, unknown>>
}
interface Sent {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: { spans: (Omit<SeenSpan, 'attributes' | 'service'> & { attributes: Attribute[] })[] }[]
  }[]
}

/** An OTLP collector (JSON over HTTP, opentelemetry.io/docs/specs/otlp) that keeps the spans it is sent. */
export async function startCollector(): Promise<Collector> {
  const seen: SeenSpan[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (request.url === '/v1/traces' && request.headers['content-type'] === 'application/json')
        seen.push(...spansIn(JSON.parse(Buffer.concat(parts).toString()) as Sent))
      else response.statusCode = 404
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: (traceId) => seen.filter((span) => traceId === undefined || span.traceId === traceId),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const spansIn = ({ resourceSpans }: Sent): SeenSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ ...span, service, attributes: valuesOf(span.attributes) })),
    )
  })

const valuesOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

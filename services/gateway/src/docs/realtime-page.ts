import {
  closeCodes,
  fromClient,
  fromServer,
  printHere,
  serverSummaries,
  type ClientMessage,
  type PrintableSchema,
  type ServerType,
} from '@parley/contracts'
import type { TSchema } from 'typebox'

/** The messages of the WebSocket for people: a page without scripts, made from the contracts as `asyncapi.json` is. */
export function realtimePage(): string {
  const shapes = new Map<string, PrintableSchema>()
  const print = printer(shapes)
  const sent = Object.entries<ClientMessage>(fromClient).map(([type, message]) => {
    const answers = Object.entries(message.answers).map(
      ([name, schema]) => `<p>Answer: <code>${name}</code></p>${print(schema)}`,
    )
    const needs = message.needs === undefined ? '' : ` Needs the permission ${message.needs}.`
    const when = `<p>Allowed while ${message.when.join(', ')}.${needs}</p>`
    return section(`client.${type}`, type, message.summary, when + print(message.payload) + answers.join(''))
  })
  const received = Object.entries<TSchema>(fromServer).map(([type, schema]) =>
    section(`server.${type}`, type, serverSummaries[type as ServerType], print(schema)),
  )
  const codes = Object.entries(closeCodes).map(([name, { code, client }]) => `<li>${code} ${name}: ${client}</li>`)
  // Printing a shape may find others.
  const printed = new Set<string>()
  let named = ''
  for (const [name, schema] of shapes) {
    if (printed.has(name)) continue
    printed.add(name)
    named += section(`shape.${name}`, name, '', print(schema))
  }
  return page(
    `<p>How they play together: <code>docs/spec/protocol.md</code> in the source. For programs: <a href="/asyncapi.json">asyncapi.json</a>.
    REST: <a href="/docs">docs</a>. Every message is <code>{"type", "requestId"?, "payload"?}</code>; below are the payloads.</p>
    <h2>From the client</h2>${sent.join('')}<h2>From the server</h2>${received.join('')}<h2>Shapes</h2>${named}
    <h2>Close codes</h2><p>What a client does then; renew: it refreshes its access token, then resumes.</p><ul>${codes.join('')}</ul>`,
  )
}

/** Prints a schema as TypeScript, and leaves the titled ones in it to `shapes`. */
function printer(shapes: Map<string, PrintableSchema>) {
  return (schema: PrintableSchema): string => {
    const text = printHere(schema, (part) => {
      if (part.title === undefined) return undefined
      if (!shapes.has(part.title)) shapes.set(part.title, part)
      return part.title
    })
    return text === '{\n}' ? '' : `<pre>${linked(indented(text), shapes)}</pre>`
  }
}

/** Two spaces for each level. */
function indented(text: string): string {
  let depth = 0
  return text
    .split('\n')
    .map((line) => {
      if (line.startsWith('}')) depth -= 1
      const out = '  '.repeat(depth) + line
      if (line.endsWith('{')) depth += 1
      return out
    })
    .join('\n')
}

const linked = (text: string, shapes: ReadonlyMap<string, unknown>): string =>
  escape(text).replaceAll(/(?<=[:(|] ?)[A-Z]\w+/g, (name) =>
    shapes.has(name) ? `<a href="#shape.${name}">${name}</a>` : name,
  )

const section = (id: string, name: string, summary: string, body: string): string =>
  `<section id="${id}"><h3><a href="#${id}"><code>${name}</code></a></h3><p>${escape(summary)}</p>${body}</section>`

const escape = (plain: string): string => plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const page = (body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
  <title>Realtime messages · Parley</title></head><body><main><h1>Realtime messages</h1>${body}</main></body></html>`

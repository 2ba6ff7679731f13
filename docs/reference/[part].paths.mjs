import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { schemaText } from '../.vitepress/schema-text.mjs'

// The reference is made from docs/openapi.json and docs/asyncapi.json, which are made from the contracts.
const read = (name) => JSON.parse(readFileSync(join(import.meta.dirname, '..', name), 'utf8'))

export default {
  watch: ['../openapi.json', '../asyncapi.json'],
  paths() {
    const openapi = read('openapi.json')
    const rest = openapi.tags.map((tag) => ({ params: { part: tag.name }, content: restPage(openapi, tag) }))
    return [...rest, { params: { part: 'realtime' }, content: realtimePage(read('asyncapi.json')) }]
  },
}

function restPage({ paths, components }, { name, description }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation.tags?.includes(name) ? [{ path, method: method.toUpperCase(), ...operation }] : [],
    ),
  )
  const used = new Set()
  const text = operations.map((operation) => operationText(operation, used)).join('\n')
  return `# REST: ${name}\n\n${description}. Made from [openapi.json](/openapi.json){target="_self"}; the running product shows it at \`/docs\`.\n\n${text}\n## Shapes\n\n${shapes(components.schemas, used)}`
}

function operationText(
  { path, method, summary, description, operationId, requestBody, parameters = [], responses },
  used,
) {
  const body = requestBody?.content?.['application/json']?.schema
  const answers = Object.entries(responses).map(([status, response]) => answerText(status, response, used))
  const named = parameters.filter(({ in: place }) => place !== 'header')
  return [
    `## ${summary} {#${operationId}}\n`,
    `\`${method} ${path}\`\n`,
    `${description}\n`,
    ...named.map(
      (one) =>
        `- \`${one.name}\` (${one.in}): \`${oneLine(shown(one.schema, used))}\`${one.description ? `. ${one.description}` : ''}`,
    ),
    ...(body === undefined ? [] : [`\nBody:\n\n${block(shown(body, used))}`]),
    `\n| status | answer |\n| --- | --- |\n${answers.join('\n')}\n`,
  ].join('\n')
}

function answerText(status, { description, content }, used) {
  const schema = content?.['application/json']?.schema
  const shape = schema === undefined ? '' : ` \`${oneLine(shown(schema, used))}\``
  return `| ${status} | ${cell(description)}${cell(shape)} |`
}

function shapes(schemas, used) {
  const names = [...used]
  // A shape may name further ones: they are appended while this runs.
  for (let at = 0; at < names.length; at += 1) {
    const inner = new Set()
    if (schemas[names[at]]) shown(schemas[names[at]], inner)
    for (const name of inner) if (!names.includes(name)) names.push(name)
  }
  return names
    .filter((name) => schemas[name])
    .toSorted()
    .map((name) => `### ${name}\n\n${block(schemaText(schemas[name]))}`)
    .join('\n')
}

function realtimePage({ channels, operations }) {
  const { messages } = Object.values(channels)[0]
  const part = (prefix) => Object.entries(messages).filter(([id]) => id.startsWith(prefix))
  const text = ([id, { name, summary = '', description = '', payload }]) => {
    const answers = (operations[id]?.reply?.messages ?? []).map(({ $ref }) => $ref.split('.').slice(-2).join('.'))
    const replies = answers.length === 0 ? '' : `\nAnswers: ${answers.map((answer) => `\`${answer}\``).join(', ')}.\n`
    return `### ${name} {#${id.replaceAll('.', '-')}}\n\n${summary}. ${description}\n${replies}\n${block(schemaText(payload?.properties?.payload ?? {}))}`
  }
  return [
    '# WebSocket\n',
    '[The realtime protocol](../spec/protocol.md) explains how these messages work together. Made from [asyncapi.json](/asyncapi.json){target="_self"}.\n',
    '## From the client\n',
    ...part('client.').map(text),
    '## From the server\n',
    ...part('server.').map(text),
  ].join('\n')
}

function shown(schema, used) {
  for (const [, name] of JSON.stringify(schema).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) used.add(name)
  return schemaText(schema)
}
const block = (text) => `\`\`\`ts\n${text}\n\`\`\`\n`
const oneLine = (text) => text.replaceAll(/ {2}\/\/[^\n]*/g, '').replaceAll(/\s+/g, ' ')
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

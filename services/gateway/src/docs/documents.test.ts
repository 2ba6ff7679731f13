import { closeCodes, fromClient, fromServer, operations, problems, type Operation } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { createAsyncApi } from './asyncapi.ts'
import { createOpenApi } from './openapi.ts'
import { staleDocuments } from './write.ts'

type Json = { [key: string]: Json }

/** Every `$ref` of a document, and whether it leads somewhere in it. */
function danglingRefs(document: object): string[] {
  const refs: string[] = []
  JSON.stringify(document, (key, value: unknown) => {
    if (key === '$ref') refs.push(String(value))
    return value
  })
  const leads = (ref: string) =>
    ref
      .slice(2)
      .split('/')
      .reduce<Json | undefined>((at, part) => at?.[part.replaceAll('~1', '/')], document as Json) !== undefined
  return refs.filter((ref) => !ref.startsWith('#/') || !leads(ref))
}

it('O3 the checked-in documents are what the contracts say', async () => {
  expect(await staleDocuments()).toEqual([])
})

describe('O3 OpenAPI', () => {
  let document: Json
  beforeAll(async () => {
    document = (await createOpenApi('1.2.3')) as Json
  })

  it('O3 is version 3.1 and every reference leads somewhere', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Parley', version: '1.2.3' } })
    expect(danglingRefs(document)).toEqual([])
    expect(Object.keys(document['components']?.['schemas'] ?? {})).toEqual(
      expect.arrayContaining(['Meeting', 'Message', 'Problem', 'Tokens', 'User']),
    )
  })

  it('O3 has every operation, with its parameters, security, answers and problems', () => {
    const ids = new Set<unknown>()
    for (const list of Object.values(operations)) {
      for (const [name, operation] of Object.entries(list)) {
        const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
        const found = document['paths']?.[path]?.[operation.method.toLowerCase()]
        expect(found, `${operation.method} ${path}`).toMatchObject({ operationId: name, summary: operation.summary })
        expect(found?.['security']).toEqual(operation.auth === 'none' ? [] : [{ bearer: [] }])
        const declared = [...path.matchAll(/\{(\w+)\}/g)].map(([, param]) => ({
          name: param,
          in: 'path',
          required: true,
        }))
        if (declared.length > 0)
          expect(found?.['parameters']).toEqual(
            expect.arrayContaining(declared.map((one) => expect.objectContaining(one))),
          )
        for (const status of Object.keys(operation.answers)) expect(found?.['responses']).toHaveProperty(status)
        expect(found?.['responses']?.['429']?.['content']).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        })
        ids.add(name)
      }
    }
    const count = Object.values(document['paths'] ?? {}).reduce((sum, methods) => sum + Object.keys(methods).length, 0)
    expect(count).toBe(ids.size)
  })

  it('X9d O3 shows Idempotency-Key for what honours one, with its conflict, and for nothing else', () => {
    for (const list of Object.values(operations)) {
      for (const operation of Object.values<Operation>(list)) {
        const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
        const found = document['paths']?.[path]?.[operation.method.toLowerCase()]
        const headers = ((found?.['parameters'] ?? []) as unknown as { name: string; in: string; required?: boolean }[])
          .filter((one) => one.in === 'header')
          .map(({ name, required }) => [name, required ?? false])
        const keyed = operation.repeat === 'key'
        expect([path, headers.filter(([name]) => name === 'idempotency-key')]).toEqual([
          path,
          keyed ? [['idempotency-key', false]] : [],
        ])
        const conflict = String(found?.['responses']?.['409']?.['description'] ?? '')
        if (keyed) expect(conflict, path).toContain('`idempotency-conflict`')
      }
    }
  })

  const at = (path: string, method: string) => document['paths']?.[path]?.[method] as Json | undefined

  it('H15 shows the headers that clients build on, with an example each', () => {
    for (const [path, method, status, header] of [
      ['/v1/meetings', 'post', '201', 'ETag'],
      ['/v1/meetings', 'post', '201', 'Location'],
      ['/v1/meetings/{id}', 'patch', '200', 'ETag'],
      ['/v1/auth/login', 'post', '200', 'Set-Cookie'],
      ['/v1/auth/oauth/google', 'get', '302', 'Location'],
      ['/v1/auth/login', 'post', '429', 'Retry-After'],
      ['/v1/meetings', 'get', '503', 'Retry-After'],
    ] as const) {
      const found = at(path, method)?.['responses']?.[status]?.['headers']?.[header]
      expect([path, status, header, found !== undefined && 'example' in found && 'description' in found]).toEqual([
        path,
        status,
        header,
        true,
      ])
    }
  })

  it('H15 requires what is required, and nothing else', () => {
    const body = (path: string, method = 'post') => at(path, method)?.['requestBody']?.['required']
    for (const path of [
      '/v1/meetings/{id}/end',
      '/v1/meetings',
      '/v1/auth/logout',
      '/v1/auth/refresh',
      '/v1/meetings/{id}/room-token',
    ])
      expect([path, body(path)]).toEqual([path, false])
    for (const path of ['/v1/auth/login', '/v1/meetings/join', '/v1/meetings/{id}/invites'])
      expect([path, body(path)]).toEqual([path, true])
    expect(body('/v1/meetings/{id}', 'patch')).toBe(true)
    const ifMatch = (path: string, method: string) =>
      ((at(path, method)?.['parameters'] ?? []) as unknown as { name: string; required?: boolean }[]).find(
        ({ name }) => name === 'if-match',
      )?.required ?? false
    expect([ifMatch('/v1/meetings/{id}/schedule', 'put'), ifMatch('/v1/meetings/{id}', 'patch')]).toEqual([true, false])
  })

  it('H15 shows which fields exclude each other, defaults, and every code of a problem', () => {
    const schema = (path: string) =>
      at(path, 'post')?.['requestBody']?.['content']?.['application/json']?.['schema'] as Json
    expect(schema('/v1/meetings/join')['oneOf']).toEqual([{ required: ['code'] }, { required: ['joinToken'] }])
    expect(schema('/v1/meetings/{id}/invites')['oneOf']).toEqual([{ required: ['email'] }, { required: ['userId'] }])
    expect(schema('/v1/meetings')['properties']?.['maxParticipants']?.['default']).toBe(50)
    expect(schema('/v1/auth/login')['properties']?.['tokenDelivery']?.['default']).toBe('cookie')
    const code = document['components']?.['schemas']?.['Problem']?.['properties']?.['code']
    expect(code?.['enum']).toEqual(Object.keys(problems))
  })

  it('O3 an answer without a body has none', () => {
    expect(document['paths']?.['/v1/auth/logout']?.['post']?.['responses']?.['204']).toMatchObject({
      description: 'Done',
    })
    expect(document['paths']?.['/v1/auth/logout']?.['post']?.['responses']?.['204']).not.toHaveProperty('content')
  })
})

describe('O3 AsyncAPI', () => {
  const document = createAsyncApi('1.2.3') as Json

  it('O3 is version 3.1 and every reference leads somewhere', () => {
    expect(document).toMatchObject({ asyncapi: '3.1.0', info: { version: '1.2.3' } })
    expect(danglingRefs(document)).toEqual([])
  })

  it('O3 has every message of both sides, every answer, and every close code', () => {
    const messages = document['channels']?.['realtime']?.['messages'] ?? {}
    for (const [type, { answers }] of Object.entries(fromClient)) {
      expect(document['operations']?.[`client.${type}`]).toMatchObject({ action: 'receive' })
      for (const name of Object.keys(answers)) expect(messages).toHaveProperty([`answer.${type}.${name}`])
    }
    for (const { summary } of Object.values(messages)) expect(String(summary ?? '').length).toBeGreaterThan(5)
    for (const type of Object.keys(fromServer))
      expect(document['operations']?.[`server.${type}`]).toMatchObject({ action: 'send' })
    for (const { code } of Object.values(closeCodes)) expect(document['info']?.['description']).toContain(String(code))
  })
})

describe('O3 served', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.stop())

  it('O3 shows every message of both sides at /docs/realtime, with all that it names, and the REST documents lead there', async () => {
    const answer = await fetch(`${gateway.url}/docs/realtime`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const html = await answer.text()
    for (const type of Object.keys(fromClient)) expect(html).toContain(`id="client.${type}"`)
    for (const type of Object.keys(fromServer)) expect(html).toContain(`id="server.${type}"`)
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${target}"`)
    expect(html).toContain('href="#shape.Participant"')
    expect(html).not.toMatch(/<script|<style|\son\w+=/)
    const openApi = await (await fetch(`${gateway.url}/openapi.json`)).text()
    expect(openApi).toContain('/docs/realtime')
  })

  it('O3 at /docs, /docs/json, /openapi.json, /asyncapi.json', async () => {
    const get = async (path: string) => (await fetch(gateway.url + path)).json() as Promise<Json>
    expect(await get('/openapi.json')).toMatchObject({ openapi: '3.1.0' })
    expect(await get('/docs/json')).toEqual(await get('/openapi.json'))
    expect(await get('/asyncapi.json')).toMatchObject({ asyncapi: '3.1.0' })
    const page = await fetch(`${gateway.url}/docs`)
    const html = await page.text()
    expect(page.status).toBe(200)
    // Our CSP allows nothing inline: what the page loads are files of its own.
    expect(html).not.toMatch(/<script>|<script (?![^>]*src=)|<style|\son\w+=/)
    for (const [, source = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const { status } = await fetch(new URL(source, page.url))
      expect(status, source).toBe(200)
    }
  })
})

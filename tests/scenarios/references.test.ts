import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEmbedded, type Product } from '../support/product.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')
let product: Product
beforeAll(async () => {
  product = await startEmbedded()
}, 60_000)
afterAll(() => product.stop())

const read = async (path: string) =>
  (await (await fetch(`${product.gateways[0]}${path}`)).json()) as Record<
    string,
    Record<string, Record<string, unknown>>
  >

it('O3 every place that the table of the five documents names is in the running product’s own documents, or a page of ours', async () => {
  const table = await readFile(join(docs, 'references.md'), 'utf8')
  const rows = table.split('\n').filter((line) => /^\| (?!it names)/.test(line))
  expect(rows.length).toBeGreaterThan(100)
  const openapi = await read('/openapi.json')
  const asyncapi = JSON.stringify(await read('/asyncapi.json'))
  for (const row of rows) {
    const place = row.split(' | ').slice(1).join(' | ')
    const known = [...place.matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/[^`]+)`/g)].map(
      ([, method = '', path = '']) => [method.toLowerCase(), path.replaceAll(/:(\w+)/g, '{$1}')] as const,
    )
    for (const [method, path] of known) {
      const operation = openapi['paths']?.[path]?.[method]
      if (operation === undefined)
        expect([row, (await fetch(`${product.gateways[0]}${path}`)).status]).not.toEqual([row, 404])
    }
    for (const [, type] of place.matchAll(/[→←] `([\w.]+)`/g)) expect(asyncapi, row).toContain(`"${type}"`)
    const pages = [...place.matchAll(/\]\(([^)]+)\)/g)].map(([, page = '']) => page)
    for (const page of pages) await access(join(docs, page))
    expect(known.length + pages.length > 0 || /[→←] `/.test(place), row).toBe(true)
  }
}, 60_000)

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startEmbedded, type Embedded } from '../support/product.ts'
import { readDocument } from './document.ts'
import { sweep } from './run.ts'

let product: Embedded
beforeAll(async () => {
  vi.stubEnv('RATE_LIMITS', 'off')
  vi.stubEnv('BCRYPT_COST', '4')
  vi.stubEnv('TRUST_PROXY', 'loopback')
  product = await startEmbedded()
}, 90_000)
afterAll(async () => {
  vi.unstubAllEnvs()
  await product.stop()
}, 60_000)

it('H8 every documented path answers other methods with 405 and an Allow that is true', async () => {
  const url = product.gateways[0] ?? ''
  const byPath = Map.groupBy(await readDocument(url), ({ path }) => path)
  const wrong: string[] = []
  for (const [path, places] of byPath) {
    const methods = new Set(places.map(({ method }) => method))
    if (methods.has('GET')) methods.add('HEAD')
    const filled = path.replaceAll(/\{\w+\}/g, '0190aaaa-0000-7000-8000-00000000000a')
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      if (methods.has(method)) continue
      const { status, headers } = await fetch(url + filled, { method })
      const allowed = headers.get('allow')?.split(', ').toSorted().join() ?? null
      if (status !== 405 || allowed !== [...methods].toSorted().join())
        wrong.push(`${method} ${path}: ${status}, Allow ${allowed}`)
    }
  }
  expect(wrong, wrong.join('\n')).toEqual([])
}, 60_000)

it('H15 S30 every answer to 9,000 requests made from the OpenAPI is as the OpenAPI says, and none is an error of ours', async () => {
  const seed = Date.now() % 1_000_000
  const places = await readDocument(product.gateways[0] ?? '')
  const { sent, statuses, faults } = await sweep(product.gateways[0] ?? '', places, seed)
  const told = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
  console.log(`sweep: seed ${seed}, ${places.length} operations, ${sent} requests; ${told.join(', ')}`)
  expect(faults, faults.join('\n')).toEqual([])
  expect(sent).toBeGreaterThanOrEqual(9_000)
  // Signs that enough was right to be acted on.
  expect((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0)).toBeGreaterThan(sent / 20)
}, 300_000)

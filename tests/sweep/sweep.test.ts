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

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram, startEmbedded, startStack, type Product } from '../support/product.ts'

describe.each<[string, () => Promise<Product>]>([
  ['embedded', startEmbedded],
  ['distributed', startStack],
])('%s', (_name, start) => {
  let product: Product
  beforeAll(async () => {
    product = await start()
  }, 90_000)
  afterAll(() => product.stop(), 60_000)

  it.concurrent('R1 R2 R3 C1 O1 a client written from the protocol alone passes every check, each person at another gateway', async () => {
    const printed = await runProgram('tests/programs/protocol-client.ts', [...product.gateways])
    expect(printed).toContain('all checks passed')
  }, 60_000)

  it.concurrent('R1 R2 R3 C2 a client written by docs/spec/protocol.md chats, comes back after a cut unseen, and stays', async () => {
    // A client that answers no ping is closed after 12 s.
    const staySeconds = '14'
    const printed = await runProgram('tests/programs/lasting-client.ts', [product.gateways[0] ?? '', staySeconds])
    expect(printed).toContain('all checks passed')
  }, 90_000)
})

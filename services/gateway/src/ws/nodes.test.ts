import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dialNode } from './dial.ts'
import { createNodes } from './nodes.ts'

// Takes connections and says nothing, as a frozen node does.
const silent = createServer()
beforeAll(async () => void (await once(silent.listen(0, '127.0.0.1'), 'listening')))
afterAll(() => silent.close())

it('T3 anyone who waits for the answer of a node that is given up waits no longer', async () => {
  const at = (id: string) => ({ id, url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` })
  const [frozen, other] = [at('frozen'), at('other')]
  const nodes = createNodes(() => [frozen, other])
  const client = new AbortController()
  const options = { path: '/v1/ws', headers: [], connectMs: 60_000, answerMs: 60_000, signal: client.signal }
  const arrived = once(silent, 'connection')
  const dialling = dialNode(frozen, options, nodes)
  await arrived
  nodes.abandoned(other)
  expect(nodes.failedLately(frozen)).toBe(false)
  nodes.abandoned(frozen)
  await expect(dialling).rejects.toMatchObject({ name: 'AbortError' })
  expect(nodes.failedLately(frozen)).toBe(true)

  const again = dialNode(frozen, options, nodes)
  client.abort()
  await expect(again).rejects.toMatchObject({ name: 'AbortError' })
})

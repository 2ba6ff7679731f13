import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@parley/kit/testing'
import { expect, it, vi } from 'vitest'
import { anEmail, password, rest } from '../support/people.ts'
import { startEmbedded } from '../support/product.ts'

const cuts = 10

it('C1 kill -9 ten times under a load of chat: every accepted message is in the history once, numbers without a gap', async () => {
  // A few write as much as they can.
  vi.stubEnv('CHAT_LIMIT_MESSAGES', '0')
  const port = await freePort()
  let product = await startEmbedded({ port })
  const { dataDir } = product
  const url = `http://127.0.0.1:${port}`
  const email = anEmail()
  const registered = await rest('POST', `${url}/v1/auth/register`, {
    body: { email, password, name: 'Ada', tokenDelivery: 'body' },
  })
  const token = String(registered.body['accessToken'])
  const { id } = (await rest('POST', `${url}/v1/meetings`, { token, body: {} })).body as { id: string }
  const accepted = new Map<string, number>()

  for (let cut = 0; cut < cuts; cut++) {
    const load = Array.from({ length: 8 }, (_, writer) => write(`${cut}-${writer}`))
    await sleep(150 + Math.random() * 250)
    await product.kill()
    await Promise.all(load)
    product = await startEmbedded({ port, dataDir })
  }

  const history = await readAll()
  await product.stop()
  await rm(dataDir, { recursive: true, force: true })
  vi.unstubAllEnvs()
  expect(accepted.size).toBeGreaterThan(cuts)
  expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1))
  const stored = new Map(history.map(({ clientMessageId, seq }) => [clientMessageId, seq]))
  expect(stored.size).toBe(history.length)
  for (const [clientMessageId, seq] of accepted) expect(stored.get(clientMessageId)).toBe(seq)

  /** Sends until the product goes away. */
  async function write(name: string): Promise<void> {
    for (let n = 0; ; n++) {
      const clientMessageId = `message-${name}-${n}`
      try {
        const { status, body } = await rest('POST', `${url}/v1/meetings/${id}/messages`, {
          token,
          body: { clientMessageId, text: clientMessageId },
        })
        if (status === 201) accepted.set(clientMessageId, Number(body['seq']))
        else if (status === 429) await sleep(100)
      } catch (error) {
        // The power is off; what had no answer was not accepted.
        expect(error).toBeInstanceOf(Error)
        return
      }
    }
  }

  async function readAll() {
    const items: { clientMessageId: string; seq: number }[] = []
    for (let after = 0; ; after = items.at(-1)?.seq ?? 0) {
      const page = await rest('GET', `${url}/v1/meetings/${id}/messages?afterSeq=${after}&limit=200`, { token })
      expect(page.status).toBe(200)
      const more = page.body['items'] as typeof items
      if (more.length === 0) return items
      items.push(...more)
    }
  }
}, 600_000)

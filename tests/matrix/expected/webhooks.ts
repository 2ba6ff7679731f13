import type { webhooksOperations } from '@parley/contracts'
import { rest } from '../../support/people.ts'
import type { Part } from '../row.ts'
import type { Scene } from '../scene.ts'
import { anon, hidden, no } from './words.ts'

const body = { url: 'https://hooks.example.org/parley' }

interface Made {
  id: string
  deliveryId: string
}
const made = new Map<string, Promise<Made>>()

async function make({ url, people }: Scene): Promise<Made> {
  const as = { token: people.host.token }
  const webhook = await rest('POST', `${url}/v1/webhooks`, { ...as, body })
  if (webhook.status !== 201) throw new Error(JSON.stringify(webhook.body))
  const id = String(webhook.body['id'])
  const test = await rest('POST', `${url}/v1/webhooks/${id}/test`, { ...as, body: {} })
  return { id, deliveryId: String(test.body['id']) }
}

/** The one webhook of the host that all rows ask for. */
function ofHost(scene: Scene): Promise<Made> {
  const known = made.get(scene.url) ?? make(scene)
  made.set(scene.url, known)
  return known
}
const byId = async (scene: Scene) => ({ params: { id: (await ofHost(scene)).id } })
/** A webhook is its account's: nobody else learns that it exists, whatever they are in a meeting. */
const own = (status: number) =>
  ({ as: [status, hidden, hidden, hidden, hidden, hidden, no, no, anon], where: ['private'] }) as const

/** O10. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const webhooks: Part<keyof typeof webhooksOperations> = {
  createWebhook: [
    // An account of its own: each may have ten endpoints, and every success is one more.
    {
      as: [201, 201, 201, 201, 201, 201, no, no, anon],
      where: ['private'],
      disposable: true,
      request: () => ({ body }),
    },
    {
      about: 'inside',
      as: [...Array.from({ length: 6 }, () => 'invalid-input' as const), no, no, anon] as never,
      where: ['private'],
      request: () => ({ body: { url: 'https://169.254.169.254/latest/meta-data' } }),
    },
  ],
  listWebhooks: [
    {
      as: [200, 200, 200, 200, 200, 200, no, no, anon],
      where: ['private'],
      request: async (scene) => {
        await ofHost(scene)
        return {}
      },
    },
  ],
  getWebhook: [{ ...own(200), request: byId }],
  updateWebhook: [
    { ...own(200), request: async (scene) => ({ ...(await byId(scene)), body: { description: 'CRM' } }) },
  ],
  rotateWebhookSecret: [{ ...own(200), request: async (scene) => ({ ...(await byId(scene)), body: {} }) }],
  testWebhook: [{ ...own(202), request: async (scene) => ({ ...(await byId(scene)), body: {} }) }],
  listWebhookDeliveries: [{ ...own(200), request: async (scene) => ({ ...(await byId(scene)), query: {} }) }],
  replayWebhook: [
    {
      ...own(202),
      request: async (scene) => ({ ...(await byId(scene)), body: { since: new Date().toISOString() } }),
    },
  ],
  replayWebhookDelivery: [
    {
      ...own(202),
      request: async (scene) => {
        const { id, deliveryId } = await ofHost(scene)
        return { params: { id, deliveryId }, body: {} }
      },
    },
  ],
  deleteWebhook: [
    {
      ...own(204),
      request: async (scene) => ({
        params: { id: scene.persona === 'host' ? (await make(scene)).id : (await ofHost(scene)).id },
      }),
    },
  ],
}

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Meeting, NewWebhook, WebhookDelivery } from '@parley/contracts'
import { eventually, freePort } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { rest } from '../support/people.ts'
import { startStack } from '../support/product.ts'

const example = join(import.meta.dirname, '../../docs/examples/webhook-receiver.mjs')
const [meetingsMade, changes] = [4, 15]
const waitMs = 60_000

/** The receiver of the documentation, as it stands there. It prints each event once, after it has checked its signature. */
async function startExample(port: number, secret: string) {
  const env = { ...process.env, PORT: String(port), SIGNING_SECRET: secret }
  const child: ChildProcess = spawn(process.execPath, [example], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout?.on('data', (chunk) => (printed += String(chunk)))
  return {
    events: () =>
      printed
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { id: string; type: string; data: { meeting: Meeting } }),
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

describe('webhooks on two replicas that are killed', () => {
  let product: Awaited<ReturnType<typeof startStack>>
  let url: string
  let host: Account
  beforeAll(async () => {
    product = await startStack(
      ['--gateway', '1', '--signaling', '1', '--auth', '1', '--meetings', '2', '--chat', '1', '--respawn'],
      {
        RATE_LIMITS: 'off',
        BCRYPT_COST: '4',
        WEBHOOK_ALLOW_HTTP: 'on',
        WEBHOOK_ALLOW_HOSTS: '127.0.0.1',
        WEBHOOK_RETRY_MS: '200',
        WEBHOOK_TIMEOUT_MS: '1000',
      },
    )
    url = product.gateways[0] ?? ''
    host = await anAccount(url, 'Host')
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  /** The versions of each meeting, in the order they came. */
  const versions = (events: { data: { meeting: Meeting } }[], { id }: Meeting) =>
    events.flatMap(({ data: { meeting } }) => (meeting.id === id ? [meeting.version] : []))

  it('O10.3 O10.8 O10.9 a receiver that was down gets everything, in order per meeting, once by id; kill -9 in the middle', async () => {
    const port = await freePort()
    const body = { url: `http://127.0.0.1:${port}/in`, events: ['meeting.updated'] }
    const hook = await callOrThrow<NewWebhook>(host, 'POST', `${url}/v1/webhooks`, body)
    const deliveries = async (status: string) => {
      const path = `${url}/v1/webhooks/${hook.id}/deliveries?limit=100&status=${status}`
      return (await callOrThrow<{ items: WebhookDelivery[] }>(host, 'GET', path)).items
    }
    const made = await Promise.all(Array.from({ length: meetingsMade }, () => createMeeting(url, host)))
    const edit = async (meeting: Meeting) => {
      for (let version = 1; version <= changes; version += 1) {
        const headers = { 'if-match': `"${version}"` }
        const path = `${url}/v1/meetings/${meeting.id}`
        const { status } = await rest('PATCH', path, { token: host.token, body: { title: `v${version}` }, headers })
        expect(status).toBe(200)
      }
    }
    await Promise.all(made.map(edit))
    await eventually(async () => expect(await deliveries('pending')).toHaveLength(meetingsMade * changes), waitMs)

    const receiver = await startExample(port, hook.secret)
    await eventually(() => expect(receiver.events().length).toBeGreaterThan(3), waitMs)
    for (const { pid } of (await product.present()).meetings) process.kill(pid, 'SIGKILL')
    const before = receiver.events().length
    await eventually(async () => expect(await deliveries('pending')).toEqual([]), waitMs)

    const expected = Array.from({ length: changes }, (_, n) => n + 2)
    for (const meeting of made) expect(versions(receiver.events(), meeting)).toEqual(expected)
    expect(new Set(receiver.events().map(({ id }) => id)).size).toBe(meetingsMade * changes)
    expect(before).toBeLessThan(meetingsMade * changes)
    await receiver.stop()

    // A receiver that has lost its memory has all of it sent again.
    const anew = await startExample(port, hook.secret)
    const [first] = (await deliveries('delivered')).toReversed()
    const since = { since: new Date(Date.parse(first?.happenedAt ?? '') - 1).toISOString() }
    const replayed = await callOrThrow(host, 'POST', `${url}/v1/webhooks/${hook.id}/replay`, since)
    expect(replayed).toEqual({ events: meetingsMade * changes })
    await eventually(() => expect(anew.events()).toHaveLength(meetingsMade * changes), waitMs)
    for (const meeting of made) expect(versions(anew.events(), meeting)).toEqual(expected)
    await anew.stop()
  }, 180_000)
})

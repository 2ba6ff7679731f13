import { newId } from '@parley/kit'
import { expect, test } from 'vitest'
import type { Harness } from '../harness.ts'

export function operationSuite(harness: () => Harness): void {
  test('O2 readiness names its dependencies, and the metrics count the sends', async () => {
    const [replica] = harness().replicas
    await harness().post(newId(), harness().token(), { clientMessageId: newId(), text: 'hello' })
    const ready = await fetch(`${replica.url}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { checks: { database: true, bus: true, auth: true } },
    ])
    const metrics = await (await fetch(`${replica.url}/metrics`)).text()
    expect(metrics).toMatch(/parley_chat_sends_total\{[^}]*outcome="created"[^}]*\} \d/)
    for (const name of ['send_seconds_count', 'batch_messages_count', 'batch_seconds_count', 'waiting'])
      expect(metrics).toContain(`parley_chat_${name}`)
  })
}

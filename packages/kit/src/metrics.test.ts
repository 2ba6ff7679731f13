import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('services of one process share a metric and are told apart by label', async () => {
  const metrics = createMetrics()
  const [auth, chat] = [metrics.forService('auth'), metrics.forService('chat')]
  for (const one of [auth, chat]) one.counter('things_total', 'Things', ['kind']).inc({ kind: 'x' }, 2)
  auth.gauge('level', 'Level').set({}, 5)
  auth.histogram('took_seconds', 'Time', ['route']).observe({ route: '/a' }, 0.2)
  auth.reading('size', 'Size', () => 1)
  chat.reading('size', 'Size', () => 2)
  chat.queue('sends', () => 7)
  chat.counter('rare_total', 'Rare')
  chat.histogram('rare_seconds', 'Rare')
  const text = await metrics.text()
  expect(text).toContain('things_total{service="auth",kind="x"} 2')
  expect(text).toContain('things_total{service="chat",kind="x"} 2')
  expect(text).toContain('level{service="auth"} 5')
  expect(text).toContain('took_seconds_bucket{le="0.25",service="auth",route="/a"} 1')
  expect(text).toContain('size{service="auth"} 1')
  expect(text).toContain('size{service="chat"} 2')
  // A rate would miss the first one otherwise.
  expect(text).toContain('rare_total{service="chat"} 0')
  expect(text).toContain('rare_seconds_count{service="chat"} 0')
  expect(text).toContain('parley_queue_length{service="chat",queue="sends"} 7')
})

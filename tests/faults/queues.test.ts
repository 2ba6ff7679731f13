import { expect, it } from 'vitest'
import { queueLengthsIn } from './queues.ts'

it('T8 reads the length of every queue from the metrics of a process', () => {
  const metrics = `# HELP parley_queue_length How much waits
# TYPE parley_queue_length gauge
parley_queue_length{service="process",queue="bus-publishes"} 12
parley_queue_length{service="chat",queue="sends"} 0
parley_chat_waiting{service="chat"} 99
`
  expect(queueLengthsIn(metrics)).toEqual([12, 0])
  expect(queueLengthsIn('')).toEqual([])
})

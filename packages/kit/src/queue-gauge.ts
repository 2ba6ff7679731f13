import { Gauge, type Registry } from 'prom-client'

type Labels = Readonly<{ service: string; queue: string }>

/** How long queues are, asked of each when somebody asks for the metrics. */
export interface QueueGauge extends Gauge {
  watch(labels: Labels, length: () => number): void
}

export const queueGaugeName = 'parley_queue_length'

export function createQueueGauge(registry: Registry): QueueGauge {
  const queues = new Map<string, { labels: Labels; length: () => number }>()
  const gauge: Gauge = new Gauge({
    name: queueGaugeName,
    help: 'How much waits in a queue now; of several queues of a kind, in the longest. Each is bounded',
    labelNames: ['service', 'queue'],
    registers: [registry],
    collect() {
      for (const { labels, length } of queues.values()) gauge.set(labels, length())
    },
  })
  return Object.assign(gauge, {
    watch: (labels: Labels, length: () => number) =>
      void queues.set(`${labels.service} ${labels.queue}`, { labels, length }),
  })
}

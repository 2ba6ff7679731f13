import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { createQueueGauge, queueGaugeName } from './queue-gauge.ts'

type Labels = Readonly<Record<string, string | number>>

/** Metrics of one service in the registry of the process; each series carries the label `service`. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): { inc(labels?: Labels, by?: number): void }
  gauge(name: string, help: string, labels?: readonly string[]): { set(labels: Labels, value: number): void }
  /** `buckets` in the unit of the name, by convention seconds. */
  histogram(
    name: string,
    help: string,
    labels?: readonly string[],
    buckets?: readonly number[],
  ): { observe(labels: Labels, value: number): void }
  /** A gauge that is read when somebody asks for the metrics. */
  reading(name: string, help: string, read: () => number): void
  /** The same with a value per value of `label`. `read` must not reject. */
  readings(name: string, help: string, label: string, read: () => Promise<Readonly<Record<string, number>>>): void
  /** `parley_queue_length`: how much waits in the queue `name`; of several of a kind, in the longest. Read as `reading`. */
  queue(name: string, length: () => number): void
  forService(service: string): Metrics
  /** All metrics of the process in Prometheus's text format. */
  text(): Promise<string>
  contentType: string
}

const httpBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The metrics of this process: one registry, shared by every service in it. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  // Gauges that are named like counters; the same by type is in those without the ending.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`)
  return metricsOf(registry, 'process')
}

function metricsOf(registry: Registry, service: string): Metrics {
  const once = <M>(name: string, create: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? create()
  const base = (name: string, help: string, labels: readonly string[]) => ({
    name,
    help,
    labelNames: ['service', ...labels],
    registers: [registry],
  })
  return {
    counter(name, help, labels = []) {
      const counter = once(name, () => new Counter(base(name, help, labels)))
      // There from the start: a rate misses what had happened when a series was first seen.
      if (labels.length === 0) counter.inc({ service }, 0)
      return { inc: (values = {}, by = 1) => counter.inc({ service, ...values }, by) }
    },
    gauge(name, help, labels = []) {
      const gauge = once(name, () => new Gauge(base(name, help, labels)))
      return { set: (values, value) => gauge.set({ service, ...values }, value) }
    },
    histogram(name, help, labels = [], buckets = httpBuckets) {
      const histogram = once(name, () => new Histogram({ ...base(name, help, labels), buckets: [...buckets] }))
      if (labels.length === 0) histogram.zero({ service })
      return { observe: (values, value) => histogram.observe({ service, ...values }, value) }
    },
    reading: (name, help, read) =>
      addReading(
        once(name, () => readingGauge(registry, name, help)),
        service,
        read,
      ),
    readings(name, help, label, read) {
      const gauge = once(name, () => labelledGauge(registry, { name, help, label }))
      gauge.readers.set(service, read)
    },
    queue: (name, length) =>
      once(queueGaugeName, () => createQueueGauge(registry)).watch({ service, queue: name }, length),
    forService: (other) => metricsOf(registry, other),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

interface ReadingGauge extends Gauge<'service'> {
  readers?: Map<string, () => number>
}

function readingGauge(registry: Registry, name: string, help: string): ReadingGauge {
  const gauge: ReadingGauge = new Gauge({
    name,
    help,
    labelNames: ['service'],
    registers: [registry],
    collect: () => gauge.readers?.forEach((read, service) => gauge.set({ service }, read())),
  })
  return gauge
}

function addReading(gauge: ReadingGauge, service: string, read: () => number): void {
  gauge.readers ??= new Map()
  gauge.readers.set(service, read)
}

interface LabelledGauge extends Gauge {
  readers: Map<string, () => Promise<Readonly<Record<string, number>>>>
}

function labelledGauge(
  registry: Registry,
  { name, help, label }: { name: string; help: string; label: string },
): LabelledGauge {
  const readers: LabelledGauge['readers'] = new Map()
  const collect = async (): Promise<void> => {
    const all = await Promise.all([...readers].map(async ([service, read]) => ({ service, values: await read() })))
    gauge.reset()
    for (const { service, values } of all)
      for (const [value, number] of Object.entries(values)) gauge.set({ service, [label]: value }, number)
  }
  const gauge = Object.assign(
    new Gauge({ name, help, labelNames: ['service', label], registers: [registry], collect }),
    { readers },
  )
  return gauge
}

import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, type Figure } from '../figures.ts'
import { failedSends, lagsOf, unwantedDepartures } from '../findings.ts'
import { now } from '../history/history.ts'
import type { Replica, ServiceName } from '../stack/replicas.ts'

const order: readonly ServiceName[] = ['gateway', 'signaling', 'chat', 'meetings', 'auth']

/** A deploy: for each replica a new one first, then the old one is told to stop; all of them, one by one. */
export const rollingRestart: Fault = {
  id: 'T5',
  title: 'rolling restart',
  promise: 'A deploy is not noticed: no answer 5xx, no failed send, no gap over 2 s, nobody is seen to leave.',
  // As long as in production.
  stack: { env: { DRAIN_MS: '25000' } },
  async inject(scene) {
    for (const service of order) for (const replica of scene.cluster.replicas(service)) await replace(scene, replica)
  },
  figures: figuresOfRestart,
}

/** A new one first, of this checkout unless told; then the old one is told to stop. */
export async function replace({ cluster, note }: Scene, replica: Replica, from?: string): Promise<void> {
  await cluster.startLike(replica, from)
  const begun = now()
  const code = await cluster.end(replica, 'SIGTERM')
  note('stop', now() - begun)
  note('exit', code ?? -1)
}

/** The figures of a restart that nobody may notice. */
export function figuresOfRestart({ history, noted }: Evidence): Figure[] {
  return [
    none('answers 5xx', history.http.filter(({ status }) => status >= 500).length),
    none('sends that failed', failedSends(history)),
    atMost('late by (delivery gap)', lagsOf(history), { most: 2_000 }),
    atMost('from SIGTERM to the end', noted('stop'), { most: 35_000 }),
    none('ended with another code than 0', noted('exit').filter((code) => code !== 0).length),
    none('seen to leave', unwantedDepartures(history)),
  ]
}

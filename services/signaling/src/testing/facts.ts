import { Fact } from '@parley/contracts'
import { compile, type Kv } from '@parley/kit'

const faultsOf = compile(Fact)

/** Keeps the facts of all rooms, as meetings would read them. */
export function keepFacts(kv: Kv) {
  const facts: Fact[] = []
  const consumer = kv.facts.consume({
    group: 'test',
    consumer: 'test',
    async handle(entries) {
      for (const { text } of entries) {
        const fact: unknown = JSON.parse(text)
        const faults = faultsOf(fact)
        if (faults.length > 0) throw new Error(`no fact: ${text} ${JSON.stringify(faults)}`)
        facts.push(fact as Fact)
      }
    },
  })
  return {
    of: (meetingId: string, kind: Fact['kind']) =>
      facts.filter((fact) => fact.meetingId === meetingId && fact.kind === kind),
    stop: () => consumer.stop(),
  }
}

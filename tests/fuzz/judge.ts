import { closeCodes, fromClient, fromServer, problems, type ClientType } from '@parley/contracts'
import { compileShape } from '@parley/kit'

type Check = ReturnType<typeof compileShape>
type Schema = Parameters<typeof compileShape>[0]
/** Their shape only: an answer repeats the `requestId` that was sent, whatever its letters are. */
const compiled = (schemas: Readonly<Record<string, Schema>>): ReadonlyMap<string, Check> =>
  new Map(Object.entries(schemas).map(([type, schema]) => [type, compileShape(schema)]))

const pushes = compiled(fromServer)
const answers = new Map(Object.entries(fromClient).map(([type, row]) => [type, compiled(row.answers)]))
/** These are answered without a request id too, for they change what the session is. */
const entering: readonly ClientType[] = ['auth.authenticate', 'room.join', 'room.resume', 'room.leave']
const documentedCodes = new Set<number>(Object.values(closeCodes).map(({ code }) => code))

export interface Incoming {
  type: string
  requestId?: string
  payload?: unknown
}

/** Counts what the server said, and keeps the first things that no document foresees. */
export class Judge {
  readonly faults: string[] = []
  readonly counts = new Map<string, number>()
  faultCount = 0

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  fault(what: string): void {
    this.faultCount += 1
    if (this.faults.length < 20) this.faults.push(what)
  }

  /**
   * A message of the server; `asked` are the types of the requests with its id, null for one that was no known type; none: it
   * answers nothing.
   */
  message(message: Incoming, asked: readonly (string | null)[]): void {
    const { type, payload } = message
    if (type === 'error') return this.#problem(payload)
    this.count(asked.length === 0 ? `push ${type}` : `answer ${type}`)
    const checks = checksFor(type, asked)
    if (checks.length === 0) return this.fault(`${asked.join() || 'nothing'} was answered with ${told(message)}`)
    const wrong = checks.map((check) => check(payload))
    if (wrong.every((faults) => faults.length > 0))
      this.fault(`${type} does not match its schema: ${told(wrong)} ${told(message)}`)
  }

  closed(code: number, why: string): void {
    this.count(`close ${code}`)
    if (!documentedCodes.has(code)) this.fault(`closed with ${code} after ${why.slice(0, 300)}`)
  }

  #problem(payload: unknown): void {
    const wrong = pushes.get('error')?.(payload) ?? []
    if (wrong.length > 0) return this.fault(`not a problem: ${told(wrong)} ${told(payload)}`)
    const { code, status, type } = payload as { code: string; status: number; type: string }
    this.count(`problem ${code}`)
    const kind = Object.hasOwn(problems, code) ? problems[code as keyof typeof problems] : undefined
    if (kind?.status !== status || !type.endsWith(`/problems/${code}`))
      this.fault(`the problem is not as in the catalogue: ${told(payload)}`)
    if (code === 'internal') this.fault(`internal: ${told(payload)}`)
  }
}

/** The valid shape of a message of this type: an answer to one of the requests with its id, or to none. */
function checksFor(type: string, asked: readonly (string | null)[]): Check[] {
  const requests = asked.length > 0 ? asked : entering
  const checks = requests.map((one) => (one === null ? undefined : answers.get(one)?.get(type)))
  if (asked.length === 0) checks.push(pushes.get(type))
  return checks.filter((check) => check !== undefined)
}

const told = (value: unknown): string => JSON.stringify(value).slice(0, 300)

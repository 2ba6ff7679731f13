import { problems, type Problem } from '@parley/contracts'
import { compile } from '@parley/kit'
import type { Content, RequestPlace } from './document.ts'

export interface Answered {
  status: number
  headers: Headers
  /** Empty for a stream, which has no end. */
  text: string
}

/** The document's promise about an answer, and whether it holds. */
export interface Judge {
  /** Why the answer is not as documented; null if it is. */
  faultOf(place: RequestPlace, answer: Answered, elsewhere: boolean): string | null
}

type Check = ReturnType<typeof compile>

export function createJudge(): Judge {
  const compiled = new Map<object, Check>()
  const checkOf = (schema: object): Check => {
    const known = compiled.get(schema) ?? compile(schema)
    compiled.set(schema, known)
    return known
  }
  return {
    faultOf(place, answer, elsewhere) {
      const { status } = answer
      if (status >= 500) return 'an error of ours'
      const documented = place.responses[String(status)]
      if (elsewhere) return status < 400 ? null : problemFault(answer)
      if (documented === undefined) return `the status is not documented: ${answer.text.slice(0, 200)}`
      if (status >= 400) return problemFault(answer) ?? contentFault(documented, answer, checkOf)
      return contentFault(documented, answer, checkOf) ?? headerFault(documented.headers, answer)
    },
  }
}

function contentFault({ content }: Content, { headers, text }: Answered, checkOf: (schema: object) => Check) {
  const type = headers.get('content-type')?.split(';', 1)[0] ?? null
  if (content === undefined) return text === '' ? null : 'a body where none is documented'
  const schema = type === null ? undefined : content[type]?.schema
  if (schema === undefined) return `the content type ${type} is not documented`
  if (text === '' || type === null || !type.endsWith('json')) return null
  const faults = checkOf(schema)(JSON.parse(text))
  return faults.length === 0 ? null : `the body is not as documented: ${JSON.stringify(faults)} ${text.slice(0, 200)}`
}

/** All are there but the cookie, which only some clients get. */
function headerFault(documented: Readonly<Record<string, object>> = {}, { headers }: Answered): string | null {
  const absent = Object.keys(documented).filter((name) => name !== 'Set-Cookie' && !headers.has(name))
  return absent.length === 0 ? null : `${absent.join()} is documented, and absent`
}

function problemFault({ status, headers, text }: Answered): string | null {
  if (headers.get('content-type') !== 'application/problem+json') return `no problem: ${text.slice(0, 200)}`
  const problem = JSON.parse(text) as Problem
  if (problem.status !== status) return `a problem with the status ${problem.status}`
  if (!Object.hasOwn(problems, problem.code)) return `a problem with the unknown code ${problem.code}`
  if (status === 429 && !headers.has('retry-after')) return '429 without Retry-After'
  return null
}

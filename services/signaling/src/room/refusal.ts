import { problems, type ProblemCode } from '@parley/contracts'

/** Why a command is refused. */
export interface Refusal {
  refused: ProblemCode
  detail: string
  /** Not for the client: the grant is older than what the room has been told since; meetings is to be asked again. */
  outdated?: true
}

export const refuse = (refused: ProblemCode, detail: string = problems[refused].title): Refusal => ({ refused, detail })
export const gone = () => refuse('peer-not-found')

import { problems, type Problem, type ProblemCode } from '@parley/contracts'
import Type, { type Static, type TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { ProblemError } from '../problem.ts'

const Answer = Type.Object({ ok: Type.Optional(Type.Unknown()), problem: Type.Optional(Type.Unknown()) })

const validators = new WeakMap<TSchema, Validator>()

const validatorOf = (schema: TSchema): Validator => {
  const known = validators.get(schema)
  if (known) return known
  const made: Validator = Compile(schema)
  validators.set(schema, made)
  return made
}

/** Parses and checks a message; the problems `malformed-json` and `invalid-input` say what is wrong. */
export function readOrThrow<S extends TSchema>(schema: S, text: string): Static<S> {
  const value = parseOrThrow(text)
  const validator = validatorOf(schema)
  if (holds<S>(validator, value)) return value
  const errors = validator.Errors(value).map(({ instancePath, message }) => ({ path: instancePath, message }))
  throw new ProblemError('invalid-input', 'The bus message does not match its schema', { errors })
}

export const writeAnswer = (value: unknown): string => JSON.stringify({ ok: value })
export const writeProblem = (error: ProblemError): string => JSON.stringify({ problem: error.toProblem() })

/** The answer's value, or its problem thrown; an answer of another shape is the problem `internal`. */
export function readAnswerOrThrow<S extends TSchema>(schema: S, text: string): Static<S> {
  const answer = shapedOrThrow(text)
  if (answer.problem !== undefined) throw asProblemError(answer.problem)
  if (holds<S>(validatorOf(schema), answer.ok)) return answer.ok
  throw new ProblemError('internal', 'The answer does not match its schema')
}

function shapedOrThrow(text: string): Static<typeof Answer> {
  try {
    return readOrThrow(Answer, text)
  } catch (error) {
    throw new ProblemError('internal', 'The answer could not be read', {}, { cause: error })
  }
}

function parseOrThrow(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ProblemError('malformed-json', 'The bus message is not JSON', {}, { cause: error })
  }
}

const holds = <S extends TSchema>(validator: Validator, value: unknown): value is Static<S> => validator.Check(value)

/** Rebuilds the error that was thrown on the other side. A code of a newer release than this is `internal`. */
function asProblemError(problem: unknown): ProblemError {
  if (!isProblemText(problem)) return new ProblemError('internal', 'The problem could not be read')
  const plain: Partial<Record<string, unknown>> = new ProblemError(problem.code, problem.detail).toProblem()
  const extra = Object.entries(problem).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(plain[name]))
  return new ProblemError(problem.code, problem.detail, Object.fromEntries(extra))
}

type KnownProblem = Problem & { code: ProblemCode }

const isProblemText = (value: unknown): value is KnownProblem =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'string' &&
  Object.hasOwn(problems, value.code) &&
  'detail' in value &&
  typeof value.detail === 'string'

import Type, { type Static } from 'typebox'
import { Strict } from '../ids.ts'

export const RequestId = Type.String({ minLength: 1, maxLength: 64 })

/** The shape of every message before its type is known. */
export const Envelope = Strict({
  type: Type.String({ minLength: 1, maxLength: 64 }),
  requestId: Type.Optional(RequestId),
  payload: Type.Optional(Type.Object({})),
})
export type Envelope = Static<typeof Envelope>

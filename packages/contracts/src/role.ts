import Type, { type Static } from 'typebox'

export const Role = Type.Union(
  [Type.Literal('host'), Type.Literal('cohost'), Type.Literal('participant'), Type.Literal('guest')],
  { title: 'Role' },
)
export type Role = Static<typeof Role>

import Type, { type Static } from 'typebox'
import { CodeText, InstantText } from './text.ts'

const uuidV7 = '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'

/** A UUID version 7 (RFC 9562), lower case. */
export const Id = Type.String({ pattern: uuidV7, minLength: 36, maxLength: 36, description: 'UUIDv7' })
export type Id = Static<typeof Id>

/** A meeting code, `abc-defg-hij`: 26^10 values, about 2^47. Input may have capitals, blanks, other hyphens or none. */
export const MeetingCode = CodeText({
  pattern: '^[a-z]{3}-[a-z]{4}-[a-z]{3}$',
  minLength: 12,
  maxLength: 12,
  description: '3-4-3 lower-case letters. In a request capitals count as small letters, and hyphens may be left out',
})

/** ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` prints it. */
export const Instant = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?Z$',
  maxLength: 24,
  description: 'ISO 8601, UTC, milliseconds',
})
export type Instant = Static<typeof Instant>

/** A time in a request: with any offset from UTC and any precision (RFC 3339). It is kept, and answered, as an `Instant`. */
export const InstantInput = InstantText({
  pattern: '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$',
  maxLength: 35,
  description: 'RFC 3339, with Z or an offset such as +02:00',
  examples: ['2027-03-01T09:00:00.000Z', '2027-03-01T10:00:00+01:00'],
})

/** A JSON object that refuses every field it does not name. */
export const Strict = <P extends Record<string, Type.TSchema>>(properties: P, options: Type.TObjectOptions = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options })

/**
 * For a body of which exactly one of these fields must be there. Both are checked and shown in the OpenAPI; the type has all of them
 * optional.
 */
export const exactlyOne = (...names: readonly string[]): { oneOf: { required: string[] }[] } => ({
  oneOf: names.map((name) => ({ required: [name] })),
})

/** Nothing: an object without fields. */
export const Nothing = Strict({})

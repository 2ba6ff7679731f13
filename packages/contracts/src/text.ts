import Type from 'typebox'

/**
 * The purpose of a text. Each kind has one rule, which the kit applies wherever a request or a message comes in
 * (`docs/spec/text.md`); the schema only says which.
 */
export type TextKind =
  | 'name'
  | 'prose'
  | 'message'
  | 'secret'
  | 'passcode'
  | 'address'
  | 'reaction'
  | 'code'
  | 'instant'

/** The keyword of a schema that names the kind of a text; an extension of JSON Schema, as OpenAPI allows them. */
export const textKeyword = 'x-text'

const text =
  (kind: TextKind) =>
  (options: Type.TStringOptions = {}) =>
    Type.String({ ...options, [textKeyword]: kind })

/** One line that names somebody or something, such as a person or a meeting: normalised, and with something to see. */
export const NameText = text('name')
/** Text of several lines that goes into mails and calendars: normalised; with a `minLength` it has something to see. */
export const ProseText = text('prose')
/** Prose of a person: kept as it was sent, but with something to see. */
export const SpokenText = text('message')
/** A password: kept as it was sent; its shortest length is that of its normal form. */
export const SecretText = text('secret')
/** A passcode, which is read out and typed on phones: the same, with a normal form of its own. */
export const PasscodeText = text('passcode')
/** An e-mail address: normalised, its domain to ASCII. */
export const AddressText = text('address')
/** One emoji. */
export const ReactionText = text('reaction')
/** The code of a meeting, which is read out and typed: normalised to small letters in groups. */
export const CodeText = text('code')
/** A time: normalised to UTC. */
export const InstantText = text('instant')

import Type, { type TString } from 'typebox'

/** Where links of mails and meetings lead, for those who have a frontend of their own. */
export const frontendConfig = {
  FRONTEND_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#@\\s{}]+(/[^?#\\s{}]*[^/?#\\s{}])?$',
      maxLength: 500,
      expects: 'an http(s) address without a slash at its end, such as https://meet.example.org/app',
      description: 'the frontend that links lead to; default: the page at PUBLIC_URL',
    }),
  ),
}

/**
 * The setting of a link: an address with `{frontend}` or its own host, and every one of `fields` in braces. A template that does not fit is told when the service starts.
 */
export const linkTemplate = (byDefault: string, fields: readonly string[], about: string): TString =>
  Type.String({
    default: byDefault,
    maxLength: 1000,
    pattern:
      fields.map((field) => `(?=.*\\{${field}\\})`).reduce((all, one) => all + one, '^') +
      `(\\{frontend\\}|https?://[^/?#@\\s{}]+)([/?#]([^\\s{}]|\\{(${fields.join('|')})\\})*)$`,
    expects: `an address that begins with {frontend} or http(s)://, with ${fields.map((field) => `{${field}}`).join(' and ')}`,
    description: `${about}; {frontend} is FRONTEND_URL`,
  })

/** The link of a template; what is put in is escaped, but for `frontend`. */
export const fillLink = (
  template: string,
  { frontend, ...fields }: { frontend: string; [field: string]: string },
): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === 'frontend' ? frontend : encodeURIComponent(fields[name] ?? ''),
  )

import type { IncomingMessage } from 'node:http'

/** The values of a header, one for each of its lines, by its name in lower case; undefined when it is not there. */
export function headerValues(
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  name: string,
): string[] | undefined {
  if (headers[name] === undefined) return undefined
  let values: string[] | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) (values ??= []).push(rawHeaders[index + 1] ?? '')
  }
  return values
}

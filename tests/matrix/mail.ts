import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@parley/kit/testing'

/** Mails are sent after their request, from the outbox. */
const sentWithinMs = 10_000

/** The token of the link in the mail to an address whose subject contains some words; waits until it is sent. */
export async function mailedToken(dir: string, to: string, subject = ''): Promise<string> {
  let token: string | undefined
  await eventually(async () => {
    token = linkToken(await mailTo(dir, to, subject))
  }, sentWithinMs)
  return token ?? ''
}

async function mailTo(dir: string, to: string, subject: string): Promise<string> {
  for (const name of (await readdir(dir)).filter((file) => file.endsWith('.txt'))) {
    const [head, text] = split(await readFile(join(dir, name), 'utf8'))
    if (head.includes(`To: ${to}\n`) && head.includes(subject)) return text
  }
  throw new Error(`no mail to ${to}`)
}

function split(mail: string): [string, string] {
  const at = mail.indexOf('\n\n')
  return [mail.slice(0, at), mail.slice(at)]
}

function linkToken(text: string): string {
  const [, token] = /#(?:\w+=)?([A-Za-z0-9_-]{43})\b/.exec(text) ?? []
  if (token === undefined) throw new Error(`no link in ${text}`)
  return token
}

import type { StoredFile } from '@parley/contracts'
import type { Account } from './accounts.ts'
import { rest } from './people.ts'

export interface Answer {
  status: number
  body: Record<string, unknown>
}

export interface Announced {
  file: StoredFile
  upload: { url: string; method: string; headers: Record<string, string>; partSizeBytes: number }
}

export interface Wish {
  purpose?: 'avatar' | 'attachment'
  meetingId?: string
  name?: string
  sizeBytes: number
  contentType?: string
}

export const announce = (url: string, who: Account, wish: Wish): Promise<Answer> =>
  rest('POST', `${url}/v1/files`, {
    token: who.token,
    body: { purpose: 'attachment', name: 'a.bin', contentType: 'application/octet-stream', ...wish },
  })

/** @throws Error when it is refused */
export async function announced(url: string, who: Account, wish: Wish): Promise<Announced> {
  const { status, body } = await announce(url, who, wish)
  if (status !== 201) throw new Error(`announcing answered ${JSON.stringify(body)}`)
  return body as unknown as Announced
}

/** Sends bytes to their place; without `from` as a whole. */
export const send = async (
  who: Account,
  { upload, file }: Announced,
  bytes: Uint8Array<ArrayBuffer>,
  from?: number,
): Promise<Answer> => {
  const range =
    from === undefined ? {} : { 'content-range': `bytes ${from}-${from + bytes.length - 1}/${file.sizeBytes}` }
  const headers = { ...upload.headers, authorization: `Bearer ${who.token}`, ...range }
  const answer = await fetch(upload.url, { method: 'PUT', headers, body: bytes })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

export const complete = (url: string, who: Account, { file }: Announced): Promise<Answer> =>
  rest('POST', `${url}/v1/files/${file.id}/complete`, { token: who.token, body: {} })

/** The whole way; resolves with the answer of the last step. */
export async function upload(
  url: string,
  who: Account,
  bytes: Buffer,
  wish: Omit<Wish, 'sizeBytes'>,
): Promise<Answer & { id: string }> {
  const made = await announced(url, who, { ...wish, sizeBytes: bytes.length })
  await send(who, made, Uint8Array.from(bytes))
  return { ...(await complete(url, who, made)), id: made.file.id }
}

export const content = (url: string, who: Account, id: string, headers: Record<string, string> = {}, query = '') =>
  fetch(`${url}/v1/files/${id}/content${query}`, { headers: { authorization: `Bearer ${who.token}`, ...headers } })

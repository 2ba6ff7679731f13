import type { filesOperations } from '@parley/contracts'
import { publicBase, type Call, type Handlers } from '@parley/kit'
import type { Completing } from './complete.ts'
import { contentOf } from './content.ts'
import type { FilesContext } from './context.ts'
import { createFile } from './create.ts'
import { toFile } from './file-answer.ts'
import { removeFile } from './remove.ts'
import type { Uploads } from './upload.ts'

/** One person's file is in no cache on the way. */
const noStore = { 'cache-control': 'no-store' }

export function filesHandlers(
  context: FilesContext,
  { uploads, completing }: { uploads: Uploads; completing: Completing },
): Handlers<typeof filesOperations> {
  const { rights, objects } = context
  return {
    createFile: (call) => createFile(context, call),
    async uploadState({ params, principal }) {
      const state = await uploads.state(await rights.ownOrThrow(params.id, principal.userId))
      return { status: 200, body: state, headers: { ...noStore, ...progressOf(state) } }
    },
    async uploadBytes({ params, principal, headers, bytes, request }) {
      const file = await rights.ownOrThrow(params.id, principal.userId)
      const length = Number(request.headers['content-length'])
      const state = await uploads.take(file, { bytes, length, contentRange: headers['content-range'] })
      return { status: 200, body: state, headers: progressOf(state) }
    },
    async completeFile({ params, principal }) {
      const file = await completing.complete(await rights.ownOrThrow(params.id, principal.userId))
      return { status: file.status === 'uploading' ? 202 : 200, body: file }
    },
    readFile: async ({ params, principal }) => ({
      status: 200,
      body: toFile(await rights.readableOrThrow(params.id, principal.userId)),
      headers: noStore,
    }),
    async fileContent({ params, query, headers, principal }) {
      const file = await rights.readableOrThrow(params.id, principal.userId)
      return contentOf(objects, file, query.variant ?? 'original', headers)
    },
    fileLink: (call) => linkTo(context, call),
    async linkedContent({ params, query, headers }) {
      const { variant = 'original', for: userId, expires: expiresAt, signature } = query
      await context.links.checkOrThrow({ fileId: params.id, variant, userId, expiresAt }, signature)
      // A link ends with the removal of its person.
      return contentOf(objects, await rights.readableOrThrow(params.id, userId), variant, headers)
    },
    async deleteFile({ params, principal }) {
      await removeFile(context, await rights.deletableOrThrow(params.id, principal.userId))
      return { status: 204 }
    },
  }
}

const progressOf = ({ offset, sizeBytes }: { offset: number; sizeBytes: number }) => ({
  'upload-offset': String(offset),
  'upload-length': String(sizeBytes),
})

async function linkTo(
  { rights, links, clock, config }: FilesContext,
  { params, query, principal, request }: Call<(typeof filesOperations)['fileLink']>,
): Promise<{ status: 200; body: { url: string; expiresAt: string }; headers: typeof noStore }> {
  const { variant = 'original' } = query
  const { userId } = principal
  const file = await rights.readableOrThrow(params.id, userId)
  const expiresAt = clock.now() + config.FILES_LINK_SECONDS * 1_000
  const signature = await links.sign({ fileId: file.id, variant, userId, expiresAt })
  const search = new URLSearchParams({ variant, for: userId, expires: String(expiresAt), signature })
  const url = `${publicBase(config.PUBLIC_URL, request)}/v1/files/${file.id}/linked?${search.toString()}`
  return { status: 200, body: { url, expiresAt: new Date(expiresAt).toISOString() }, headers: noStore }
}

import { chmod, mkdir, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where Janus writes, as this service and as Janus see it, and where films are made. */
export interface Places {
  /** Of all recordings; one folder in it is a recording's, and in that one for each part. */
  tracks: string
  tracksAtJanus: string
  work: string
}

export const tracksFolder = ({ tracks }: Pick<Places, 'tracks'>, id: string): string => join(tracks, id)
export const partFolder = (root: string, id: string, number: number): string => join(root, id, String(number))

/** Makes the folder of a part. Janus may run as another user, so all may write in it; nobody else is to see the shared folder. */
export async function makePartFolder({ tracks }: Places, id: string, number: number): Promise<void> {
  const folder = partFolder(tracks, id, number)
  await mkdir(folder, { recursive: true })
  for (const one of [tracksFolder({ tracks }, id), folder]) await chmod(one, 0o777)
}

/** Waits until Janus has closed the tracks in a folder, or for so long; a Janus that was killed never closes them. */
export async function closed(folder: string, ms: number): Promise<void> {
  const until = performance.now() + ms
  while (performance.now() < until && (await namesIn(folder)).some((name) => name.endsWith('.tmp'))) await sleep(50)
}

/** Space that is left for files of anybody, bytes. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Of the keys of what is stored of a recording. */
export const prefixOf = (id: string): string => `recordings/${id}/`

export const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

import { filesBus, type filesOperations } from '@parley/contracts'
import {
  respond,
  createPoller,
  openObjects,
  type BusSubscription,
  type Deps,
  type Handlers,
  type Objects,
} from '@parley/kit'
import { attach, detach, useAvatar } from './attach.ts'
import { createCompleting } from './complete.ts'
import type { FilesConfig } from './config.ts'
import type { FilesContext } from './context.ts'
import { createLinks, type Links } from './links.ts'
import { createRights } from './rights.ts'
import { filesHandlers } from './routes.ts'
import { createClamav } from './scan/clamav.ts'
import { createSweep, dropWhere } from './sweep.ts'
import type { FilesTables } from './tables.ts'
import { createUploads } from './upload.ts'

/** Files of people: avatars and attachments. */
export interface Files {
  handlers: Handlers<typeof filesOperations>
  /** Where their bytes are; recordings are kept there too. */
  objects: Objects
  links: Links
  /** Takes away the files of a person that are in no message. */
  dropOf(ownerId: string): Promise<void>
  start(): BusSubscription[]
  /** Ends what `start` began, without what is up- or downloaded. */
  rest(): void
  stop(): Promise<void>
}

const queue = 'media'
const sweepEveryMs = 60_000

export async function createFiles(
  deps: Pick<Deps<FilesConfig, FilesTables>, 'config' | 'db' | 'bus' | 'clock' | 'log'>,
): Promise<Files> {
  const { config, db, bus, clock, log } = deps
  const objects = await openObjects(config)
  const context: FilesContext = {
    config,
    db,
    bus,
    clock,
    log,
    objects,
    rights: createRights({ db, bus }),
    links: createLinks({ db, clock }),
    scanner: config.CLAMAV_URL === undefined ? null : createClamav(config.CLAMAV_URL),
  }
  const completing = createCompleting(context)
  const sweep = createSweep(context)
  const sweeping = createPoller(
    () =>
      sweep
        .round()
        .catch((error: unknown) => log.warn({ err: error }, 'a sweep of files failed; it will be tried again')),
    sweepEveryMs,
  )
  return {
    handlers: filesHandlers(context, { uploads: createUploads(context), completing }),
    objects,
    links: context.links,
    dropOf: (ownerId) => dropWhere(context, 'owner_id', ownerId),
    start() {
      void sweeping.start()
      return [
        respond(bus, filesBus.attach, queue, async (wish) => ({ file: await attach(context, wish) }), log),
        respond(bus, filesBus.detach, queue, async (which) => (await detach(context, which), {}), log),
        respond(bus, filesBus.useAvatar, queue, async (wish) => (await useAvatar(context, wish), {}), log),
      ]
    },
    rest: () => sweeping.stop(),
    async stop() {
      await completing.idle()
      objects.close()
    },
  }
}

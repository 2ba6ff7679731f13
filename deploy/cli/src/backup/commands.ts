import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { StartupError, type Environment } from '@parley/kit'
import { Command } from 'commander'
import { createCliLog, placeOf } from '../database.ts'
import { packFolder, unpackFolder } from './folder.ts'
import { dumpPostgres, restorePostgres } from './postgres.ts'

/** `parley backup`: all that is durable, of one moment. */
export const backupCommand = (env: Environment): Command =>
  new Command('backup')
    .description('save the database (DATABASE_URL), or the whole folder of the embedded product, which must be stopped')
    .argument('<file>', 'that does not exist yet')
    .addHelpText(
      'after',
      `
Files of people are in the folder of the embedded product, and saved with it. With DATABASE_URL they are in S3 or
OBJECTS_DIR: save those after the database, so that no file is missing that it names (docs/operation/backup.md).

Examples:
  parley backup parley.tar.gz                                     the folder .data/parley
  DATABASE_URL=postgres://… parley backup parley.dump             PostgreSQL, while the product runs`,
    )
    .action(async (name: string) => {
      const file = resolve(name)
      if (existsSync(file)) throw new StartupError(`${file} exists already`)
      const half = `${file}.part`
      try {
        const place = placeOf(env)
        await ('url' in place ? dumpPostgres(place.url, half) : packFolder(place.dataDir, half, createCliLog()))
        renameSync(half, file)
      } finally {
        rmSync(half, { force: true })
      }
      process.stdout.write(`saved in ${file}\n`)
    })

/** `parley restore`: what `parley backup` saved. */
export const restoreCommand = (env: Environment): Command =>
  new Command('restore')
    .description('put back what "parley backup" saved; the product must be stopped')
    .argument('<file>', 'made by parley backup')
    .option('--yes', 'what is there now is replaced')
    .action(async (file: string, { yes }: { yes?: boolean }) => {
      if (!existsSync(file)) throw new StartupError(`there is no ${file}`)
      if (yes !== true) throw new StartupError('this replaces what is there now; stop the product, and add --yes')
      const place = placeOf(env)
      if ('url' in place) {
        const scratch = join(mkdtempSync(join(tmpdir(), 'parley-restore-')), 'dump.sql')
        await restorePostgres(place.url, resolve(file), scratch).finally(() =>
          rmSync(dirname(scratch), { recursive: true, force: true }),
        )
        process.stdout.write('restored; empty Redis (redis-cli FLUSHDB) before the start, as its rooms are of later\n')
        return
      }
      const before = await unpackFolder(file, place.dataDir, createCliLog())
      process.stdout.write(`restored${before === undefined ? '' : `; what was there is in ${before}`}\n`)
    })

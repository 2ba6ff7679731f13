import { runService } from '@parley/kit'
import { mediaService } from './service.ts'

await runService(mediaService, { env: process.env, argv: process.argv.slice(2) })
